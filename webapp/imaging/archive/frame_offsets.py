"""Frame offsets of a stored file, packed into one column: looking up any frame takes constant time."""

import os
import struct
from collections.abc import Sequence
from pathlib import Path

#: A byte range: offset from the start of the file, and length.
Piece = tuple[int, int]
#: The packed column: HEAD (number of frames, number of pieces); if the two numbers differ, FIRST for each frame (the
#: index of its first piece) and once more for the end; then PIECE (offset, length) for each piece.
HEAD, FIRST, PIECE = struct.Struct("<II"), struct.Struct("<I"), struct.Struct("<QQ")


def pack_frame_offsets(frames: Sequence[Sequence[Piece]]) -> bytes:
    """Return the pieces of all frames, packed for `InstanceIndex.frames`."""
    pieces = [piece for frame in frames for piece in frame]
    starts = bytearray()
    if len(pieces) != len(frames):
        first = 0
        for frame in frames:
            starts += FIRST.pack(first)
            first += len(frame)
        starts += FIRST.pack(first)
    return HEAD.pack(len(frames), len(pieces)) + bytes(starts) + b"".join(PIECE.pack(*piece) for piece in pieces)


def frame_fragments(packed: bytes | memoryview, number: int) -> list[Piece]:
    """Return the pieces of one frame (from 0).

    Raises
    ------
    IndexError
        If there is no such frame.
    """
    frames, pieces = HEAD.unpack_from(packed)
    if not 0 <= number < frames:
        raise IndexError(number)
    if frames == pieces:
        return [_piece(packed, HEAD.size + number * PIECE.size)]
    table = HEAD.size + (frames + 1) * FIRST.size
    (first,), (after,) = (FIRST.unpack_from(packed, HEAD.size + one * FIRST.size) for one in (number, number + 1))
    return [_piece(packed, table + one * PIECE.size) for one in range(first, after)]


def read_fragments(path: Path, pieces: Sequence[Piece]) -> bytes:
    """Return the bytes of the given pieces of a stored file, concatenated."""
    with path.open("rb", buffering=0) as file:
        read = [os.pread(file.fileno(), length, offset) for offset, length in pieces]
    return read[0] if len(read) == 1 else b"".join(read)


def _piece(packed: bytes | memoryview, at: int) -> Piece:
    offset, length = PIECE.unpack_from(packed, at)
    return offset, length
