"""Outlines as masks: decoded from the run lengths that a browser sends, stored as PNG files named by their SHA-256."""

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from webapp.foundation.core.refusals import Refusal, RefusalReason
from workers import storage

Mask = NDArray[np.bool_]
#: Most pixels of an image that can be outlined: more than any detector has; the mask takes one byte for each.
MOST_PIXELS = 1 << 26
#: Most runs of an outline; one drawn by hand has far fewer.
MOST_RUNS = 100_000


EMPTY = RefusalReason("outline-empty", "The outline is empty. Mark that there is nothing to outline, or draw.")
NOT_EMPTY = RefusalReason("outline-not-empty", "The outline is not empty, though it is marked as nothing to outline.")


class MaskError(Refusal):
    """The mask is missing or invalid; the message is for the user who drew or requested it."""


def decode_runs(runs: Sequence[object], *, rows: int, columns: int, is_empty: bool = False) -> Mask:
    """Return the mask that the run lengths describe, shape (rows, columns).

    Only whole numbers are decoded, so the browser can send neither a decompression bomb nor some other image.

    Parameters
    ----------
    runs
        Lengths in pixels, row by row (PS3.3 C.7.6.3.1.4): outside, inside, outside, ...; the first may be 0.
    rows, columns
        Size of the image drawn on.
    is_empty
        Whether the reader stated that there is nothing to outline; then, and only then, the mask must be empty.

    Raises
    ------
    MaskError
        If the runs do not describe an outline of an image of that size, or `is_empty` does not match them.
    """
    pixels = rows * columns
    if not 0 < pixels <= MOST_PIXELS:
        raise MaskError(RefusalReason("image-too-large", "This image is too large to be outlined here."))
    if len(runs) > MOST_RUNS:
        raise MaskError(RefusalReason("outline-too-fine", "This outline is finer than any drawn by hand."))
    lengths = [length for length in runs if type(length) is int and 0 <= length <= pixels]
    if len(lengths) != len(runs) or 0 in lengths[1:] or sum(lengths) != pixels:
        raise MaskError(
            RefusalReason("outline-does-not-fit", "The outline does not fit the rows and columns of the image.")
        )
    mask = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths).reshape(rows, columns)
    if mask.any() == is_empty:
        raise MaskError(NOT_EMPTY if is_empty else EMPTY)
    return np.asarray(mask, dtype=np.bool_)


def store_mask(mask: Mask) -> str:
    """Store a mask, shape (rows, columns), as a PNG with one bit per pixel; return the SHA-256 of the file."""
    content = mask_png(mask)
    digest = hashlib.sha256(content).hexdigest()
    path = storage.mask_path(digest)
    if not path.exists():
        with storage.written_whole(path) as unfinished:
            unfinished.write_bytes(content)
    return digest


def mask_png(mask: Mask) -> bytes:
    """Return a mask, shape (rows, columns), as a PNG with one bit per pixel, white inside, without any metadata."""
    buffer = io.BytesIO()
    Image.fromarray(mask).save(buffer, format="PNG")
    return buffer.getvalue()


def mask_read(digest: str) -> Mask:
    """Return a stored mask, shape (rows, columns).

    Raises
    ------
    MaskError
        If the file is missing or damaged.
    """
    return open_mask(storage.mask_path(digest))


def open_mask(path: Path) -> Mask:
    """Return the mask in a PNG file, shape (rows, columns), whoever drew it; raises as `mask_read`."""
    try:
        with Image.open(path, formats=("PNG",)) as drawn:
            return np.asarray(drawn.convert("1"), dtype=np.bool_)
    except (OSError, UnidentifiedImageError) as error:
        raise MaskError(RefusalReason("outline-missing", "A stored outline is missing.")) from error


def edges_of(mask: Mask) -> list[list[float]]:
    """Return two opposite corners [x, y] of a mask's bounding box, in annotation coordinates.

    The centre of the first pixel is (0, 0), so edges lie at half pixels. An empty mask has no corners.
    """
    if not mask.any():
        return []
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return [[float(columns[0]) - 0.5, float(rows[0]) - 0.5], [float(columns[-1]) + 0.5, float(rows[-1]) + 0.5]]
