"""Measurements with their names, units and definitions."""

from collections.abc import Iterator

import numpy as np

from ml.schemas import FigureAnswer


def figure(name: str, value: float, unit: str, *, ibsi: str = "") -> Iterator[FigureAnswer]:
    """Yield a measurement with a title for display; nothing if the value is not finite.

    Parameters
    ----------
    name
        Identifier; the title is the same with spaces.
    unit
        In UCUM notation, "1" for a ratio; "px" and "px2" without calibration, "grey" for displayed grey values.
    ibsi
        Code of the feature in the IBSI reference manual; "" if it is not defined there.
    """
    if np.isfinite(value):
        title = name.replace("_", " ").capitalize()
        yield FigureAnswer(name=name, title=title, value=float(f"{value:.6g}"), unit=unit, ibsi=ibsi)
