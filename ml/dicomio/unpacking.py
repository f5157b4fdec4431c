"""Stored objects and frames in the encoding that everybody reads: decoded, Explicit VR Little Endian."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileDataset
from pydicom.pixels.utils import pixel_array
from pydicom.uid import ExplicitVRLittleEndian

from ml.dicomio.byte_order import little_endian
from ml.dicomio.dicom import dataset_read, frame_count
from ml.dicomio.errors import NO_IMAGE, Refused
from ml.dicomio.pixels import DAMAGED, UNDECODED
from ml.dicomio.sanity import check_claims
from ml.dicomio.values import whole_number


def object_unpacked(path: Path, *, out: Path) -> None:
    """Write an object as a PS3.10 file in Explicit VR Little Endian.

    Elements whose value is nonsense are left out, as everywhere here; pixels in YBR become RGB where they were packed.

    Raises
    ------
    Refused
        If it cannot be read or decoded.
    """
    ds = dataset_read(path)
    with decoding():
        plain_made(ds)
        plain = FileDataset(out, Dataset(ds), bytes(128), ds.file_meta)  # forgets in which order its bytes came
        plain.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        plain.save_as(out, implicit_vr=False, little_endian=True, enforce_file_format=True)


def plain_made(ds: FileDataset) -> None:
    """Decode the pixels of an object and order its bytes as Little Endian, in place; raises as decoders do."""
    if ds.file_meta.TransferSyntaxUID.is_encapsulated:
        ds.decompress(generate_instance_uid=False)
    little_endian(ds)


@contextmanager
def decoding() -> Iterator[None]:
    """Decode in quiet; whatever a decoder raises becomes Refused."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except UNDECODED as error:
        raise Refused(DAMAGED) from error


def frames_unpacked(path: Path, *, frames: Sequence[int], out: Path) -> list[int]:
    """Write decoded frames, one behind the other.

    Parameters
    ----------
    path, frames
        The file, and which of its frames (from 0), in the order wanted.
    out
        Where the bytes go: little endian, row by row, colour as RGB by pixel (PS3.18 8.7.3.3.2); single bits are
        packed, each frame from a byte of its own.

    Returns
    -------
    list of int
        Bytes of each.

    Raises
    ------
    Refused
        If there is no such frame, or it cannot be read or decoded.
    """
    ds = dataset_read(path)
    if not whole_number(ds, "Rows") or not whole_number(ds, "Columns"):
        raise Refused(NO_IMAGE)
    check_claims(ds, size=path.stat().st_size)
    if not all(0 <= frame < frame_count(ds) for frame in frames):
        raise Refused("The DICOM object holds no such frame.")
    with out.open("wb") as file:
        return [file.write(_frame(ds, frame)) for frame in frames]


def _frame(ds: FileDataset, frame: int) -> bytes:
    if whole_number(ds, "BitsAllocated") == 1 and not ds.file_meta.TransferSyntaxUID.is_encapsulated:
        return _bits(ds, frame)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pixels = pixel_array(ds, index=frame)
    except UNDECODED as error:
        raise Refused(DAMAGED) from error
    return np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<")).tobytes()


def _bits(ds: FileDataset, frame: int) -> bytes:
    """Cut a frame of single bits (PS3.5 8.1.1) out of those that lie one behind the other across bytes."""
    count = int(ds.Rows) * int(ds.Columns)
    bits = np.unpackbits(np.frombuffer(ds.PixelData, np.uint8), bitorder="little")
    own = bits[frame * count : (frame + 1) * count]
    if len(own) < count:
        raise Refused(DAMAGED)
    return np.packbits(own, bitorder="little").tobytes()
