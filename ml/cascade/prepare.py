"""Fit a grey picture into the square a network sees, and bring its answers back.

The same few lines run in training and in serving, so that a network never meets a picture
prepared in another way than the ones it learnt from.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LOW_PERCENT, HIGH_PERCENT = 1.0, 99.0


@dataclass(frozen=True)
class Placement:
    """Where a picture lies inside the square input of a network.

    Attributes
    ----------
    scale
        Input pixels per picture pixel.
    left, top
        Input pixels before the picture's first column and first row.
    width, height
        Size of the source picture in its own pixels.
    """

    scale: float
    left: float
    top: float
    width: int
    height: int


def fit_square(picture: NDArray[np.uint8], *, size: int) -> tuple[NDArray[np.float32], Placement]:
    """Stretch the grey values robustly, shrink or enlarge, and centre in a black square.

    Parameters
    ----------
    picture
        Grey picture, shape (rows, columns), 0 is black.
    size
        Side of the square in pixels.

    Returns
    -------
    square
        Shape (size, size), float32 in [0, 1]; a picture of one grey value gives zeros.
    placement
        Where the picture lies in the square.

    Raises
    ------
    ValueError
        If the picture is not a grey 8-bit picture with at least one pixel.
    """
    if picture.ndim != 2 or picture.dtype != np.uint8 or picture.size == 0:
        raise ValueError("a grey 8-bit picture of rows and columns is needed")
    height, width = picture.shape
    scale = size / max(height, width)
    columns, rows = max(1, round(width * scale)), max(1, round(height * scale))
    small = Image.fromarray(picture).resize((columns, rows), Image.Resampling.BILINEAR)
    left, top = (size - columns) // 2, (size - rows) // 2
    square = np.zeros((size, size), np.float32)
    square[top : top + rows, left : left + columns] = _stretched(np.asarray(small), picture)
    return square, Placement(scale, left, top, width, height)


def square_of(picture: NDArray[np.uint8], *, size: int) -> NDArray[np.uint8]:
    """Fit a grey picture as `fit_square` does; 0..255, a quarter of the memory that fractions take."""
    square, _ = fit_square(np.ascontiguousarray(picture), size=size)
    return np.rint(square * 255).astype(np.uint8)


def _stretched(small: NDArray[np.uint8], picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    # The limits come from the whole picture, by counting: exact, and quick on large radiographs.
    shares = np.cumsum(np.bincount(picture.ravel(), minlength=256)) / picture.size * 100
    low = int(np.searchsorted(shares, LOW_PERCENT))
    high = int(np.searchsorted(shares, HIGH_PERCENT))
    if high <= low:
        return np.zeros(small.shape, np.float32)
    return np.clip((small.astype(np.float32) - low) / (high - low), 0, 1)


def box_to_picture(box: tuple[float, float, float, float], placement: Placement) -> tuple[float, float, float, float]:
    """Bring a box from input pixels to picture pixels, clipped to the picture.

    Parameters
    ----------
    box
        x0, y0, x1, y1 in pixels of the square input.
    placement
        As returned by `fit_square`.

    Returns
    -------
    tuple
        x0, y0, x1, y1 in pixels of the picture.
    """
    across, down = _pixels_per_input_pixel(placement)
    x0, x1 = (float(np.clip((x - placement.left) * across, 0, placement.width)) for x in box[0::2])
    y0, y1 = (float(np.clip((y - placement.top) * down, 0, placement.height)) for y in box[1::2])
    return x0, y0, x1, y1


def box_to_square(box: tuple[float, float, float, float], placement: Placement) -> tuple[float, float, float, float]:
    """Bring a box from picture pixels to pixels of a square input: the way back of `box_to_picture`.

    Parameters
    ----------
    box
        x0, y0, x1, y1 in pixels of the picture.
    placement
        As returned by `fit_square`, of the square that is meant.

    Returns
    -------
    tuple
        x0, y0, x1, y1 in pixels of the square.
    """
    across, down = _pixels_per_input_pixel(placement)
    x0, x1 = (x / across + placement.left for x in box[0::2])
    y0, y1 = (y / down + placement.top for y in box[1::2])
    return x0, y0, x1, y1


def outline_to_square(drawn: NDArray[np.uint8], placement: Placement, *, size: int) -> NDArray[np.bool_]:
    """Bring an outline over the picture, 255 inside and 0 outside, into the square input, shape (size, size)."""
    columns, rows = _inner_size(placement)
    left, top = int(placement.left), int(placement.top)
    square = np.zeros((size, size), bool)
    fitted = Image.fromarray(drawn).resize((columns, rows), Image.Resampling.BILINEAR)
    square[top : top + rows, left : left + columns] = np.asarray(fitted) >= 128
    return square


def map_to_picture(values: NDArray[np.float32], placement: Placement) -> NDArray[np.float32]:
    """Bring a map over the square input to the picture, by bilinear interpolation.

    Parameters
    ----------
    values
        Shape (h, w), any resolution, laid over the whole square input.
    placement
        As returned by `fit_square`.

    Returns
    -------
    ndarray
        Shape (rows, columns) of the picture, float32.
    """
    rows, columns = values.shape
    side = placement.scale * max(placement.width, placement.height)
    inner_columns, inner_rows = _inner_size(placement)
    left, top = placement.left / side * columns, placement.top / side * rows
    right = (placement.left + inner_columns) / side * columns
    bottom = (placement.top + inner_rows) / side * rows
    whole = Image.fromarray(np.ascontiguousarray(values, np.float32))
    inside = whole.resize(
        (placement.width, placement.height),
        Image.Resampling.BILINEAR,
        box=(left, top, right, bottom),
    )
    return np.asarray(inside, np.float32)


def _inner_size(placement: Placement) -> tuple[int, int]:
    """Columns and rows of input pixels that the picture covers (whole pixels)."""
    return (
        max(1, round(placement.width * placement.scale)),
        max(1, round(placement.height * placement.scale)),
    )


def _pixels_per_input_pixel(placement: Placement) -> tuple[float, float]:
    inner_columns, inner_rows = _inner_size(placement)
    return placement.width / inner_columns, placement.height / inner_rows
