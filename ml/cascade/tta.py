"""Test-time augmentation: if an answer changes under it, it is less certain than its probability suggests."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Squares = NDArray[np.float32]
View = Literal["mirror", "closer", "shifted", "darker", "brighter"]

#: Fraction of the square that "closer" crops on each side, and by which "shifted" moves it.
ZOOM, SHIFT = 0.04, 0.03
#: Gamma exponents of the grey values; above 1 is darker.
DARKER, BRIGHTER = 1.25, 0.8


def view_taken(squares: Squares, view: View) -> Squares:
    """Return squares as another scanner, window setting or positioning might have produced them.

    Parameters
    ----------
    squares
        Network input (N, 1, S, S) in [0, 1].
    view
        "mirror" swaps left and right: only for what may occur on either side.

    Returns
    -------
    Squares
        Same shape and range; pixels from outside the square are black.
    """
    return _VIEWS[view](squares)


def _closer(squares: Squares) -> Squares:
    side = squares.shape[-1]
    box = (side * ZOOM, side * ZOOM, side * (1 - ZOOM), side * (1 - ZOOM))
    zoomed = [Image.fromarray(square).resize((side, side), Image.Resampling.BILINEAR, box) for square in squares[:, 0]]
    return np.stack([np.asarray(square, np.float32) for square in zoomed])[:, None]


def _shifted(squares: Squares) -> Squares:
    step = max(1, round(squares.shape[-1] * SHIFT))
    moved = np.zeros_like(squares)
    moved[..., step:, step:] = squares[..., :-step, :-step]
    return moved


_VIEWS: dict[View, Callable[[Squares], Squares]] = {
    "mirror": lambda squares: np.ascontiguousarray(squares[..., ::-1]),
    "closer": _closer,
    "shifted": _shifted,
    "darker": lambda squares: squares**DARKER,
    "brighter": lambda squares: squares**BRIGHTER,
}
