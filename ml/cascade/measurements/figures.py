"""Figures by name: what is measured, in which unit, and by which definition."""

from collections.abc import Iterator

import numpy as np

from ml.schemas import FigureAnswer


def figure(name: str, value: float, unit: str, *, ibsi: str = "") -> Iterator[FigureAnswer]:
    """Yield a figure, named as people read it; nothing where there is no number.

    Parameters
    ----------
    name
        A word for programs; the title is the same with spaces.
    unit
        As UCUM writes it, "1" for a ratio; "px" and "px2" where nothing calibrates, "grey" for grey values as shown.
    ibsi
        Code of the feature in the IBSI reference manual, "" for what it does not define.
    """
    if np.isfinite(value):
        title = name.replace("_", " ").capitalize()
        yield FigureAnswer(name=name, title=title, value=float(f"{value:.6g}"), unit=unit, ibsi=ibsi)
