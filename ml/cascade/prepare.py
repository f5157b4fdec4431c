"""Fits a grey image into the square input of a network, and maps the outputs back to the image.

Training and inference share this code, so that a network never sees an image prepared differently from those it was
trained on.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LOW_PERCENT, HIGH_PERCENT = 1.0, 99.0


@dataclass(frozen=True)
class Placement:
    """The position of an image inside the square input of a network.

    Attributes
    ----------
    scale
        Input pixels per image pixel.
    left, top
        Input pixels before the image's first column and first row.
    width, height
        Size of the source image in its own pixels.
    """

    scale: float
    left: float
    top: float
    width: int
    height: int


def fit_square(picture: NDArray[np.uint8], *, size: int) -> tuple[NDArray[np.float32], Placement]:
    """Return an image stretched between percentiles, scaled to fit, and centred in a black square.

    Parameters
    ----------
    picture
        Grey image, shape (rows, columns); 0 is black.
    size
        Side of the square in pixels.

    Returns
    -------
    square
        Shape (size, size), float32 in [0, 1]; all zeros for a uniform image.
    placement
        The position of the image in the square.

    Raises
    ------
    ValueError
        If it is not a grey 8-bit image with at least one pixel.
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
    """Return the square of `fit_square` as uint8, 0..255, which takes a quarter of the memory."""
    square, _ = fit_square(np.ascontiguousarray(picture), size=size)
    return np.rint(square * 255).astype(np.uint8)


def _stretched(small: NDArray[np.uint8], picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    # The percentiles are those of the whole image, from its histogram: exact, and fast for large radiographs.
    shares = np.cumsum(np.bincount(picture.ravel(), minlength=256)) / picture.size * 100
    low = int(np.searchsorted(shares, LOW_PERCENT))
    high = int(np.searchsorted(shares, HIGH_PERCENT))
    if high <= low:
        return np.zeros(small.shape, np.float32)
    return np.clip((small.astype(np.float32) - low) / (high - low), 0, 1)


def box_to_picture(box: tuple[float, float, float, float], placement: Placement) -> tuple[float, float, float, float]:
    """Return a box in input pixels as a box in image pixels, clipped to the image.

    Parameters
    ----------
    box
        Box x0, y0, x1, y1 in pixels of the square input.
    placement
        As returned by `fit_square`.

    Returns
    -------
    tuple
        x0, y0, x1, y1 in pixels of the image.
    """
    across, down = _pixels_per_input_pixel(placement)
    x0, x1 = (float(np.clip((x - placement.left) * across, 0, placement.width)) for x in box[0::2])
    y0, y1 = (float(np.clip((y - placement.top) * down, 0, placement.height)) for y in box[1::2])
    return x0, y0, x1, y1


def box_to_square(box: tuple[float, float, float, float], placement: Placement) -> tuple[float, float, float, float]:
    """Return a box in image pixels as a box in pixels of a square input; the inverse of `box_to_picture`.

    Parameters
    ----------
    box
        x0, y0, x1, y1 in pixels of the image.
    placement
        As returned by `fit_square` for that square.

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
    """Return an image's outline, 255 inside and 0 outside, as a mask of the square input, shape (size, size)."""
    columns, rows = _inner_size(placement)
    left, top = int(placement.left), int(placement.top)
    square = np.zeros((size, size), bool)
    fitted = Image.fromarray(drawn).resize((columns, rows), Image.Resampling.BILINEAR)
    square[top : top + rows, left : left + columns] = np.asarray(fitted) >= 128
    return square


def map_to_picture(values: NDArray[np.float32], placement: Placement) -> NDArray[np.float32]:
    """Return a map over the square input as a map over the image, by bilinear interpolation.

    Parameters
    ----------
    values
        Shape (h, w), at any resolution, covering the whole square input.
    placement
        As returned by `fit_square`.

    Returns
    -------
    ndarray
        Shape (rows, columns) of the image, float32.
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
    """Return the number of columns and rows of the square input that the image covers."""
    return (
        max(1, round(placement.width * placement.scale)),
        max(1, round(placement.height * placement.scale)),
    )


def _pixels_per_input_pixel(placement: Placement) -> tuple[float, float]:
    inner_columns, inner_rows = _inner_size(placement)
    return placement.width / inner_columns, placement.height / inner_rows
