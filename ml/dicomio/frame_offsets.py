"""Locates the frames of an object in its file, so that a frame can be served by a seek and a read."""

import struct
from collections.abc import Iterator
from typing import TypeAlias

from pydicom.dataset import Dataset

from ml.dicomio.sanity import PIXELS, kept_share
from ml.dicomio.values import whole_number

#: A byte range: offset from the start of the file, and length.
Piece: TypeAlias = tuple[int, int]
ITEM, HEAD = b"\xfe\xff\x00\xe0", 8  # PS3.5 7.5: the tag of an item; tag and length together
END_OF_IMAGE = b"\xff\xd9"  # the end marker of JPEG, JPEG-LS and JPEG 2000


def frame_pieces(ds: Dataset, data: bytes, *, frames: int, encapsulated: bool) -> list[list[Piece]]:
    """Return the byte ranges of each frame.

    Parameters
    ----------
    ds
        The object, parsed with its pixel data from a file that is little endian and not deflated.
    data
        The bytes of the file, or a memory map of them.
    frames
        Number of frames.
    encapsulated
        Whether the pixel data are encapsulated in fragments (PS3.5 A.4).

    Returns
    -------
    list of list of Piece
        The ranges of each frame, in frame order; mostly one each. Empty if frames cannot be separated by bytes alone
        (frames of single bits that do not end at a byte, fragments with neither an offset table nor end markers), or
        if there are no pixel data.
    """
    keyword = next((keyword for keyword in PIXELS if ds.get(keyword)), None)
    if keyword is None:
        return []
    start, length = ds[keyword].file_tell or 0, len(ds[keyword].value)
    if not encapsulated:
        return _native(ds, start, length, frames)
    table, *fragments = _items(data, start) or [(start, 0)]
    for way in (
        _by_extended_table(ds, fragments),
        _by_table(data, table, fragments),
        _by_walking(data, fragments, frames),
    ):
        if len(way) == frames and all(way):
            return way
    return []


def _native(ds: Dataset, start: int, length: int, frames: int) -> list[list[Piece]]:
    samples = whole_number(ds, "SamplesPerPixel") or 1
    pixels = (whole_number(ds, "Rows") or 0) * (whole_number(ds, "Columns") or 0) * samples
    bits = int(pixels * (whole_number(ds, "BitsAllocated") or 0) * kept_share(ds))
    if bits <= 0 or bits * frames > length * 8 or (bits % 8 and frames > 1):
        return []
    each = -(-bits // 8)
    return [[(start + number * each, each)] for number in range(frames)]


def _items(data: bytes, start: int) -> list[Piece]:
    """Return the ranges of all item values from `start` on: the basic offset table, then the fragments."""
    found = []
    while data[start : start + 4] == ITEM and start + HEAD <= len(data):
        (length,) = struct.unpack_from("<I", data, start + 4)
        if start + HEAD + length > len(data):
            break
        found.append((start + HEAD, length))
        start += HEAD + length
    return found


def _by_extended_table(ds: Dataset, fragments: list[Piece]) -> list[list[Piece]]:
    """Return the frames by the extended offset table (PS3.3 C.7.6.3.1.8): one fragment each, without its padding."""
    offsets, lengths = (_words(ds.get(word), "Q") for word in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"))
    if not offsets or not fragments or len(offsets) != len(lengths):
        return []
    kept = dict(fragments)
    first = fragments[0][0]
    return [
        [(first + offset, min(length, kept[first + offset]))] if first + offset in kept else []
        for offset, length in zip(offsets, lengths, strict=True)
    ]


def _by_table(data: bytes, table: Piece, fragments: list[Piece]) -> list[list[Piece]]:
    """Return the frames by the basic offset table: a frame ends where the next one begins."""
    offsets = _words(data[table[0] : sum(table)], "I")
    if not offsets or not fragments or offsets != sorted(offsets):
        return []
    first = fragments[0][0]
    frames: list[list[Piece]] = [[] for _ in offsets]
    number = 0
    for piece in fragments:
        while number + 1 < len(offsets) and piece[0] - first >= offsets[number + 1]:
            number += 1
        frames[number].append(piece)
    return frames


def _by_walking(data: bytes, fragments: list[Piece], frames: int) -> list[list[Piece]]:
    """Return the frames as one fragment each or, if there are more fragments than frames, by end-of-image markers."""
    if len(fragments) == frames:
        return [[piece] for piece in fragments]
    return [fragments] if frames == 1 else list(_ended(data, fragments))


def _ended(data: bytes, fragments: list[Piece]) -> Iterator[list[Piece]]:
    frame: list[Piece] = []
    for piece in fragments:
        frame.append(piece)
        if END_OF_IMAGE in data[max(piece[0], sum(piece) - 10) : sum(piece)]:
            yield frame
            frame = []


def _words(value: object, kind: str) -> list[int]:
    """Return little-endian integers (`I`: 32 bits, `Q`: 64 bits); an empty list if the length does not match."""
    size = struct.calcsize(f"<{kind}")
    if not isinstance(value, bytes) or len(value) % size:
        return []
    return list(struct.unpack(f"<{len(value) // size}{kind}", value))
