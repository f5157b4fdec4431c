"""The index of a stored object, created once at ingest: all that is needed to serve it without parsing its file."""

import mmap
from pathlib import Path
from typing import BinaryIO, cast

from pydicom.dataset import FileDataset

from ml.dicomio import limits
from ml.dicomio.byte_order import little_endian
from ml.dicomio.dicom import frame_count
from ml.dicomio.elements import FileMap, meta_read
from ml.dicomio.frame_offsets import Piece, frame_pieces
from ml.dicomio.jsonmodel import header_json
from ml.schemas import Answer


class ObjectIndex(Answer):
    """The header of an object, and the byte ranges of its frames and large values.

    Attributes
    ----------
    transfer_syntax_uid
        As the file states it, or inferred if it states none.
    is_part10
        Whether the file is in the PS3.10 format: preamble, prefix, file meta information.
    header
        DICOM JSON; a `BulkDataURI` consists of "bulk:" and a key (see `ml.dicomio.jsonmodel`).
    frames
        The byte ranges of each frame. Empty if frames can only be obtained by decoding, or if there are none.
    bulk
        The byte ranges of large values, by key.
    """

    transfer_syntax_uid: str
    is_part10: bool
    header: str
    frames: list[list[Piece]]
    bulk: dict[str, Piece]


def index_of(ds: FileDataset, path: Path) -> ObjectIndex:
    """Return the index of an object that was parsed, with its pixel data, from `path`.

    Raises
    ------
    Refused
        If its header is larger than the limit.
    """
    syntax = ds.file_meta.TransferSyntaxUID
    with path.open("rb") as file, FileMap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        stated = str(meta_read(cast("BinaryIO", mapped)).get("TransferSyntaxUID") or "")
        data = cast("bytes", mapped)
        as_it_lies = not syntax.is_deflated and syntax.is_little_endian
        frames = min(frame_count(ds), limits.FRAMES)
        if not as_it_lies:
            little_endian(ds)
        header, bulk = header_json(ds, data if as_it_lies else None, syntax=stated or str(syntax))
        return ObjectIndex(
            transfer_syntax_uid=stated or str(syntax),
            is_part10=bool(stated) and data[128:132] == b"DICM",
            header=header,
            frames=frame_pieces(ds, data, frames=frames, encapsulated=syntax.is_encapsulated) if as_it_lies else [],
            bulk=bulk,
        )
