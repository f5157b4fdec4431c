"""Decompresses stored objects and frames to Explicit VR Little Endian, which every receiver can read."""

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
    """Write an object as an uncompressed PS3.10 file in Explicit VR Little Endian.

    Elements with an invalid value are left out, as everywhere in this package; compressed YBR pixels become RGB.

    Raises
    ------
    Refused
        If it cannot be read or decoded.
    """
    ds = dataset_read(path)
    with decoding():
        plain_made(ds)
        plain = FileDataset(out, Dataset(ds), bytes(128), ds.file_meta)  # drops the original encoding
        plain.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        plain.save_as(out, implicit_vr=False, little_endian=True, enforce_file_format=True)


def plain_made(ds: FileDataset) -> None:
    """Decompress an object's pixel data and convert it to little endian, in place; raises whatever decoders raise."""
    if ds.file_meta.TransferSyntaxUID.is_encapsulated:
        ds.decompress(generate_instance_uid=False)
    little_endian(ds)


@contextmanager
def decoding() -> Iterator[None]:
    """Ignore warnings, and turn whatever a decoder raises into `Refused`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except UNDECODED as error:
        raise Refused(DAMAGED) from error


def frames_unpacked(path: Path, *, frames: Sequence[int], out: Path) -> list[int]:
    """Write decoded frames to a file, one after the other.

    Parameters
    ----------
    path, frames
        The object's file, and the frame numbers (from 0) in the requested order.
    out
        Path of the file to write: little endian, row by row, colour as RGB by pixel (PS3.18 8.7.3.3.2); single bits
        are packed, and each frame starts at a new byte.

    Returns
    -------
    list of int
        Number of bytes of each frame.

    Raises
    ------
    Refused
        If a frame does not exist, or the object cannot be read or decoded.
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
    """Return one frame of single bits (PS3.5 8.1.1), which need not start at a byte, packed to start at one."""
    count = int(ds.Rows) * int(ds.Columns)
    bits = np.unpackbits(np.frombuffer(ds.PixelData, np.uint8), bitorder="little")
    own = bits[frame * count : (frame + 1) * count]
    if len(own) < count:
        raise Refused(DAMAGED)
    return np.packbits(own, bitorder="little").tobytes()
