"""Opening a DICOM object: parsed once, checked before a pixel is decoded, refused in plain words."""

import mmap
import struct
import warnings
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import pydicom
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileDataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.filereader import read_dataset, read_preamble
from pydicom.tag import BaseTag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGExtended12Bit,
    RTDoseStorage,
    SegmentationStorage,
)

from ml.reading import limits
from ml.reading.claims import check_claims
from ml.reading.refusal import Refused

#: What pydicom raises on bytes that are not what they say.
BROKEN = (
    InvalidDicomError,
    BytesLengthException,
    EOFError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    NotImplementedError,
    OSError,
    OverflowError,
    UserWarning,
    struct.error,
    zlib.error,
)
#: What converting one element's value raises where it does not fit its VR.
NONSENSE = (BytesLengthException, ValueError, TypeError, KeyError, NotImplementedError, OverflowError, struct.error)
UNDEFINED = 0xFFFFFFFF  # PS3.5 7.1.1: the value ends at a delimiter
CHUNK = 1 << 20
#: pydicom's warning where a value or a list of fragments ends with the file instead of its delimiter.
ENDS_TOO_SOON = r"[\s\S]*(End of file reached|Unexpected end of file)"
#: Retired JPEG processes 6 & 8 and 10 & 12: pydicom names no decoder, but libjpeg, which it calls for process
#: 4, reads the process from the stream itself.
PROGRESSIVE_JPEG = frozenset({"1.2.840.10008.1.2.4.53", "1.2.840.10008.1.2.4.55"})
#: Objects whose pixels are labels or doses laid over another image.
LABEL_MAP_SEGMENTATION = UID("1.2.840.10008.5.1.4.1.1.66.7")  # newer than the dictionary of pydicom 3.0
PIXELS_BUT_NO_IMAGE = frozenset({SegmentationStorage, LABEL_MAP_SEGMENTATION, RTDoseStorage})
NESTED = f"The DICOM file nests sequences more than {limits.NESTING} deep."
CUT_SHORT = "The DICOM file is cut short: an element claims more bytes than the file has."


def dataset_read(path: Path, *, pixels: bool = True) -> FileDataset:
    """Parse a DICOM file.

    Parameters
    ----------
    path
        The file.
    pixels
        Read the pixel data too; without, parsing stops in front of them.

    Returns
    -------
    FileDataset
        With a TransferSyntaxUID, stated or found; elements whose value is nonsense are left out of it.

    Raises
    ------
    Refused
        If it cannot be parsed, is cut short, is nested without measure, or claims more than its bytes hold.
    """
    with warnings.catch_warnings():
        # Odd values are common in real headers; they are not this reader's to judge.
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", message=ENDS_TOO_SOON)
        try:
            _check_deflated(path)
            ds = _parsed(path, pixels=pixels)
            _check_elements(ds, depth=0, seen=[0])
            _name_syntax(ds)
            check_claims(ds, size=path.stat().st_size)
        except RecursionError as error:
            raise Refused(NESTED) from error
        except UserWarning as error:
            raise Refused(CUT_SHORT) from error
        except BROKEN as error:
            raise Refused("The DICOM file is damaged: its elements cannot be read.") from error
    return ds


def has_pixels(ds: Dataset) -> bool:
    """Say whether the object is an image that somebody looks at (its pixels may not have been read)."""
    if ds.get("SOPClassUID") in PIXELS_BUT_NO_IMAGE:
        return False
    return int(ds.get("Rows") or 0) > 0 and int(ds.get("Columns") or 0) > 0


def frame_count(ds: Dataset) -> int:
    """Return NumberOfFrames, 1 where it is absent or empty."""
    return int(ds.get("NumberOfFrames") or 1)


def _parsed(path: Path, *, pixels: bool) -> FileDataset:
    """Parse through a memory map: a read of more bytes than there are then allocates nothing."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as bytes_:
        return pydicom.dcmread(cast("BinaryIO", bytes_), force=True, stop_before_pixels=not pixels)


def _check_deflated(path: Path) -> None:
    """Refuse a deflated object that unpacks without measure, before pydicom unpacks it in one go."""
    with path.open("rb") as file:
        read_preamble(file, force=True)
        meta = read_dataset(file, is_implicit_VR=False, is_little_endian=True, stop_when=_after_meta)
        if str(meta.get("TransferSyntaxUID")) != DeflatedExplicitVRLittleEndian:
            return
        unpacker, total = zlib.decompressobj(-zlib.MAX_WBITS), 0
        while packed := unpacker.unconsumed_tail or file.read(CHUNK):
            total += len(unpacker.decompress(packed, CHUNK))
            if total > limits.DECODED_BYTES:
                raise Refused(f"The DICOM file would unpack to more than {limits.DECODED_BYTES >> 20:,} MiB.")


def _after_meta(tag: BaseTag, _vr: str | None, _length: int) -> bool:
    return tag.group != 2


def _check_elements(ds: Dataset, *, depth: int, seen: list[int]) -> None:
    """Convert every element once: what is cut short is refused, what is nonsense is left out."""
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
                _check_elements(item, depth=depth + 1, seen=seen)


def _name_syntax(ds: FileDataset) -> None:
    """Put the transfer syntax that the parser found where the file states none, and a decoder's for retired ones."""
    if stated := ds.file_meta.get("TransferSyntaxUID"):
        if stated in PROGRESSIVE_JPEG:
            ds.file_meta.TransferSyntaxUID = JPEGExtended12Bit
        return
    is_implicit, is_little = ds.original_encoding
    little = ImplicitVRLittleEndian if is_implicit else ExplicitVRLittleEndian
    ds.file_meta.TransferSyntaxUID = little if is_little else ExplicitVRBigEndian
