"""De-identifies pixel data: decompressed, without data hidden beside the pixels, and blacked out where text is."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset

from ml.deid.options import Options, Rectangle
from ml.dicomio.dicom import frame_count
from ml.dicomio.errors import CUT_SHORT, Refused
from ml.dicomio.pixels import DAMAGED
from ml.dicomio.sanity import PIXELS, kept_share
from ml.dicomio.unpacking import decoding, plain_made
from ml.dicomio.values import whole_number

#: Elements that decompression may change.
DESCRIBED = ("PhotometricInterpretation", "PlanarConfiguration", "SamplesPerPixel", "BitsAllocated")
#: Left, top, right, bottom in pixels; the last two exclusive.
Box = tuple[int, int, int, int]


def pixels_unpacked(ds: FileDataset) -> None:
    """Decompress the pixels in place: comments in a compressed stream, and bytes after the pixels, may contain names.

    Raises
    ------
    Refused
        If they cannot be decoded, or are truncated.
    """
    with decoding():
        plain_made(ds)


def pixels_kept(ds: FileDataset, out: Dataset, *, outside: Sequence[Box], inside: Sequence[Box]) -> None:
    """Write the pixels of a decompressed object into another one, blacked out as requested.

    Parameters
    ----------
    ds, out
        The decompressed object, and the new one.
    outside
        If given, all pixels outside these boxes become 0.
    inside
        All pixels inside these boxes become 0.

    Raises
    ------
    Refused
        If the pixels are truncated, or are to be blacked out in a format that does not support it.
    """
    keyword = next(keyword for keyword in PIXELS if keyword in ds)
    for described in DESCRIBED:
        if described in ds:
            out[described] = ds[described]
    bits, frames = int(ds.BitsAllocated), frame_count(ds)
    samples = whole_number(ds, "SamplesPerPixel") or 1
    count = int(frames * int(ds.Rows) * int(ds.Columns) * samples * kept_share(ds))
    length = (count * bits + 7) // 8
    raw = bytes(ds[keyword].value)[:length]
    if len(raw) < length:
        raise Refused(CUT_SHORT)
    if (outside or inside) and (bits == 1 or kept_share(ds) != 1):
        raise Refused("The pixels are packed in a way in which no region can be blacked out.")
    if bits > 1 and keyword == "PixelData":
        kind = "i" if whole_number(ds, "PixelRepresentation") else "u"
        values = np.frombuffer(raw, f"<{kind}{bits // 8}").copy()
        _unused_bits_emptied(values, ds)
        _blacked(values.reshape(_shape(ds, frames, samples)), ds, outside=outside, inside=inside)
        raw = values.tobytes()
    elif outside or inside:
        raise Refused("The pixels are packed in a way in which no region can be blacked out.")
    out.add(ds[keyword])
    out[keyword].VR = {"PixelData": "OW" if bits > 8 else "OB"}.get(keyword, ds[keyword].VR)
    out[keyword].value = raw + b"\0" * (len(raw) % 2)


def boxes_of(ds: Dataset, options: Options, *, suspected: bool) -> tuple[list[Box], list[Box]]:
    """Return the boxes outside which, and the boxes inside which, an image is blacked out.

    The header of an ultrasound image states its image regions (Sequence of Ultrasound Regions, PS3.3 C.8.5.5); all
    other boxes are given by a person.
    """
    size = (int(ds.Columns), int(ds.Rows))
    inside = [_box(one) for one in options.rectangles if _is_meant(one, size, suspected=suspected)]
    regions = ds.get("SequenceOfUltrasoundRegions") or []
    outside = [
        (left, top, right + 1, bottom + 1)
        for left, top, right, bottom in map(_region, regions)
        if suspected and 0 <= left <= right < size[0] and 0 <= top <= bottom < size[1]
    ]
    return outside, inside


def _is_meant(rectangle: Rectangle, size: tuple[int, int], *, suspected: bool) -> bool:
    named = (rectangle.columns, rectangle.rows)
    return named == size or (named == (None, None) and suspected)


def _box(rectangle: Rectangle) -> Box:
    return rectangle.left, rectangle.top, rectangle.right, rectangle.bottom


def _region(item: Dataset) -> Box:
    corners = ("RegionLocationMinX0", "RegionLocationMinY0", "RegionLocationMaxX1", "RegionLocationMaxY1")
    numbers = [whole_number(item, corner) for corner in corners]
    left, top, right, bottom = (-1 if number is None else number for number in numbers)
    return left, top, right, bottom


def _shape(ds: Dataset, frames: int, samples: int) -> tuple[int, ...]:
    rows, columns = int(ds.Rows), int(ds.Columns)
    if samples > 1 and whole_number(ds, "PlanarConfiguration") == 1:
        return frames, samples, rows, columns
    return frames, rows, columns, samples


def _unused_bits_emptied(values: NDArray[Any], ds: Dataset) -> None:
    """Clear the unused bits of each value, which may hold retired overlays (PS3.5 8.1.2); signs are extended."""
    allocated, stored = int(ds.BitsAllocated), whole_number(ds, "BitsStored") or int(ds.BitsAllocated)
    high = whole_number(ds, "HighBit")
    above = allocated - 1 - (stored - 1 if high is None else high)
    below = allocated - stored - above
    if above < 0 or below < 0:
        raise Refused(DAMAGED)
    values <<= above
    values >>= above
    if below:
        values >>= below
        values <<= below


def _blacked(values: NDArray[Any], ds: Dataset, *, outside: Sequence[Box], inside: Sequence[Box]) -> None:
    if not outside and not inside:
        return
    black = np.full((int(ds.Rows), int(ds.Columns)), bool(outside))
    for left, top, right, bottom in outside:
        black[top:bottom, left:right] = False
    for left, top, right, bottom in inside:
        black[top:bottom, left:right] = True
    by_sample = values if values.shape[1:3] == black.shape else np.moveaxis(values, 1, -1)
    by_sample[:, black] = 0
