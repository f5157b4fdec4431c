"""What serving an object needs to know of its file, found once, at intake."""

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
    """Header and places.

    Attributes
    ----------
    transfer_syntax_uid
        As the file states it, or as it was found where it states none.
    is_part10
        Whether it begins as PS3.10 asks: preamble, prefix, meta information.
    header
        DICOM JSON; `BulkDataURI` holds "bulk:" and a key (see `ml.dicomio.jsonmodel`).
    frames
        By frame, its pieces of the file. Empty where frames can only be had by decoding, or where there are none.
    bulk
        Where large values lie, by key.
    """

    transfer_syntax_uid: str
    is_part10: bool
    header: str
    frames: list[list[Piece]]
    bulk: dict[str, Piece]


def index_of(ds: FileDataset, path: Path) -> ObjectIndex:
    """Index an object that was read, with its pixels, from `path`.

    Raises
    ------
    Refused
        If its header is larger than headers are.
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
