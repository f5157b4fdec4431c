"""Outlines as masks: read from the runs that a browser sends, kept as PNG by their digest, read again."""

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from workers import storage

Mask = NDArray[np.bool_]
#: Pixels of the largest image that is outlined: more than any detector has, a byte each in memory.
MOST_PIXELS = 1 << 26
#: Ends of lines in the largest outline: a hand draws far fewer.
MOST_RUNS = 100_000


EMPTY = "The outline is empty. Mark that there is nothing to outline, or draw."
NOT_EMPTY = "The outline is not empty, though it is marked as nothing to outline."


class MaskError(Exception):
    """There is no such mask; the message is for the one who drew it, or who asks for it."""


def decode_runs(runs: Sequence[object], *, rows: int, columns: int, is_empty: bool = False) -> Mask:
    """Return the mask that runs describe, shape (rows, columns).

    Nothing is decoded but whole numbers, so what is sent can be neither a bomb nor another picture.

    Parameters
    ----------
    runs
        Lengths in pixels, row by row (PS3.3 C.7.6.3.1.4): outside, inside, outside, ...; the first may be 0.
    rows, columns
        Of the image that was drawn on.
    is_empty
        Whether it was said in so many words that nothing lies here; only then is a mask empty, and then it must be.

    Raises
    ------
    MaskError
        If they are no outline of such an image.
    """
    pixels = rows * columns
    if not 0 < pixels <= MOST_PIXELS:
        raise MaskError("This image is too large to be outlined here.")
    if len(runs) > MOST_RUNS:
        raise MaskError("This outline is finer than any drawn by hand.")
    lengths = [length for length in runs if type(length) is int and 0 <= length <= pixels]
    if len(lengths) != len(runs) or 0 in lengths[1:] or sum(lengths) != pixels:
        raise MaskError("The outline does not fit the rows and columns of the image.")
    mask = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths).reshape(rows, columns)
    if mask.any() == is_empty:
        raise MaskError(NOT_EMPTY if is_empty else EMPTY)
    return np.asarray(mask, dtype=np.bool_)


def store_mask(mask: Mask) -> str:
    """Keep a mask, shape (rows, columns), as a PNG of one bit a pixel; return its sha256."""
    content = mask_png(mask)
    digest = hashlib.sha256(content).hexdigest()
    path = storage.mask_path(digest)
    if not path.exists():
        with storage.written_whole(path) as unfinished:
            unfinished.write_bytes(content)
    return digest


def mask_png(mask: Mask) -> bytes:
    """Return a mask, shape (rows, columns), as a PNG of one bit a pixel, white inside; nothing else stands in it."""
    buffer = io.BytesIO()
    Image.fromarray(mask).save(buffer, format="PNG")
    return buffer.getvalue()


def mask_read(digest: str) -> Mask:
    """Return a kept mask, shape (rows, columns).

    Raises
    ------
    MaskError
        If it is not there, or no picture any more.
    """
    return open_mask(storage.mask_path(digest))


def open_mask(path: Path) -> Mask:
    """Return the mask in a file, shape (rows, columns), whoever drew it; raises as `mask_read`."""
    try:
        with Image.open(path, formats=("PNG",)) as drawn:
            return np.asarray(drawn.convert("1"), dtype=np.bool_)
    except (OSError, UnidentifiedImageError) as error:
        raise MaskError("A stored outline is missing.") from error


def edges_of(mask: Mask) -> list[list[float]]:
    """Return two opposite corners of the box round a mask, as marks count: the first pixel's centre is 0, 0.

    An empty mask has none.
    """
    if not mask.any():
        return []
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return [[float(columns[0]) - 0.5, float(rows[0]) - 0.5], [float(columns[-1]) + 0.5, float(rows[-1]) + 0.5]]
