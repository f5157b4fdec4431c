"""Checks the elements of a DICOM file against limits, by reading once everything that pydicom reads lazily."""

import mmap
import os
import struct
import zlib
from typing import BinaryIO, Literal

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException
from pydicom.filereader import read_dataset, read_preamble
from pydicom.tag import BaseTag
from pydicom.uid import DeflatedExplicitVRLittleEndian

from ml.dicomio import limits
from ml.dicomio.errors import CUT_SHORT, Refused

#: What pydicom raises when it converts a value that does not match its VR.
NONSENSE = (BytesLengthException, ValueError, TypeError, KeyError, NotImplementedError, OverflowError, struct.error)
UNDEFINED = 0xFFFFFFFF  # PS3.5 7.1.1: the value ends at a delimiter
CHUNK = 1 << 20
NESTED = f"The DICOM file nests sequences more than {limits.NESTING} deep."


class FileMap(mmap.mmap):
    """A memory-mapped file: reading beyond its end allocates no memory, and seeking beyond it refuses the file."""

    def seek(self, pos: int, whence: Literal[0, 1, 2, 3, 4] = os.SEEK_SET) -> None:
        """Move to a position; raise `Refused` (truncated) if the file has no such position."""
        try:
            super().seek(pos, whence)
        except ValueError as error:
            raise Refused(CUT_SHORT) from error


def check_deflated(file: BinaryIO) -> None:
    """Refuse a deflated object that inflates beyond the limits, before pydicom inflates it in one piece."""
    if str(meta_read(file).get("TransferSyntaxUID")) != DeflatedExplicitVRLittleEndian:
        return
    unpacker, packed_bytes, unpacked_bytes = zlib.decompressobj(-zlib.MAX_WBITS), 0, 0
    while packed := unpacker.unconsumed_tail or file.read(CHUNK):
        unpacked_bytes += len(unpacker.decompress(packed, CHUNK))
        packed_bytes += len(packed) - len(unpacker.unconsumed_tail)
        if unpacked_bytes > min(limits.DECODED_BYTES, max(limits.DEFLATED_BYTES, limits.DEFLATED_RATIO * packed_bytes)):
            raise Refused("The DICOM file would unpack to far more than its size.")


def meta_read(file: BinaryIO) -> Dataset:
    """Return the file meta information (PS3.10 7.1), and leave the file positioned after it."""
    read_preamble(file, force=True)
    return read_dataset(file, is_implicit_VR=False, is_little_endian=True, stop_when=_after_meta)


def _after_meta(tag: BaseTag, _vr: str | None, _length: int) -> bool:
    return tag.group != 2


def check_elements(ds: Dataset) -> None:
    """Convert every element once; delete those with an invalid value from the data set.

    Raises
    ------
    Refused
        If a value is shorter than its stated length, or there are too many elements or too deeply nested sequences.
    """
    _check_level(ds, depth=0, seen=[0])


def _check_level(ds: Dataset, *, depth: int, seen: list[int]) -> None:
    if depth > limits.NESTING:
        raise Refused(NESTED)
    for tag in list(ds.keys()):
        seen[0] += 1
        if seen[0] > limits.TAGS:
            raise Refused(f"The DICOM header has more than {limits.TAGS:,} elements.")
        raw: object = ds.get_item(tag)
        if isinstance(raw, RawDataElement) and len(raw.value or b"") < raw.length != UNDEFINED:
            raise Refused(CUT_SHORT)
        try:
            element = ds[tag]
        except NONSENSE:
            del ds[tag]
            continue
        if element.VR == "SQ":
            for item in element.value:
                _check_level(item, depth=depth + 1, seen=seen)
