"""Parsing a DICOM object: it is parsed once, checked before any pixel is decoded, and refused in plain words."""

import logging
import mmap
import struct
import warnings
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import pydicom
from pydicom.dataset import Dataset, FileDataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGExtended12Bit,
    MediaStorageDirectoryStorage,
    RTDoseStorage,
    SegmentationStorage,
)

from ml.dicomio.elements import NESTED, FileMap, check_deflated, check_elements
from ml.dicomio.errors import CUT_SHORT, IS_INDEX, Refused
from ml.dicomio.sanity import check_claims, check_present
from ml.dicomio.values import whole_number

#: pydicom's log quotes invalid values, patients' names and numbers among them.
logging.getLogger("pydicom").disabled = True

#: What pydicom raises for malformed bytes.
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
#: pydicom's warning for a value or a sequence of fragments that ends with the file instead of its delimiter.
ENDS_TOO_SOON = r"[\s\S]*(End of file reached|Unexpected end of file)"
#: Retired JPEG processes 6 & 8 and 10 & 12: pydicom lists no decoder for them, but libjpeg, which it uses for
#: process 4, takes the process from the bit stream.
PROGRESSIVE_JPEG = frozenset({"1.2.840.10008.1.2.4.53", "1.2.840.10008.1.2.4.55"})
#: SOP classes whose pixels are labels or doses, to be displayed over another image.
LABEL_MAP_SEGMENTATION = UID("1.2.840.10008.5.1.4.1.1.66.7")  # newer than the dictionary of pydicom 3.0
PIXELS_BUT_NO_IMAGE = frozenset({SegmentationStorage, LABEL_MAP_SEGMENTATION, RTDoseStorage})


def dataset_read(path: Path, *, pixels: bool = True) -> FileDataset:
    """Parse a DICOM file.

    Parameters
    ----------
    path
        The file.
    pixels
        Whether to read the pixel data; if not, parsing stops before them.

    Returns
    -------
    FileDataset
        With a TransferSyntaxUID, stated or inferred; elements with an invalid value are left out.

    Raises
    ------
    Refused
        If it cannot be parsed, is truncated, is nested too deeply, or claims more than its bytes hold.
    """
    with warnings.catch_warnings():
        # Odd values are common in real headers, and no reason to refuse a file.
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", message=ENDS_TOO_SOON)
        try:
            ds = _parsed(path, pixels=pixels)
            check_elements(ds)
            _name_syntax(ds)
            _check_kind(ds)
            if has_pixels(ds):
                check_claims(ds, size=path.stat().st_size)
                check_present(ds, read=pixels)
        except RecursionError as error:
            raise Refused(NESTED) from error
        except UserWarning as error:
            raise Refused(CUT_SHORT) from error
        except BROKEN as error:
            raise Refused("The DICOM file is damaged: its elements cannot be read.") from error
    return ds


def has_pixels(ds: Dataset) -> bool:
    """Return whether the object is an image for display (its pixel data may not have been read)."""
    if ds.get("SOPClassUID") in PIXELS_BUT_NO_IMAGE:
        return False
    return (whole_number(ds, "Rows") or 0) > 0 and (whole_number(ds, "Columns") or 0) > 0


def frame_count(ds: Dataset) -> int:
    """Return NumberOfFrames; 1 if it is absent, empty or invalid."""
    return whole_number(ds, "NumberOfFrames") or 1


def _parsed(path: Path, *, pixels: bool) -> FileDataset:
    with path.open("rb") as file, FileMap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        bytes_ = cast("BinaryIO", mapped)
        check_deflated(bytes_)
        bytes_.seek(0)
        return pydicom.dcmread(bytes_, force=True, stop_before_pixels=not pixels)


def _check_kind(ds: FileDataset) -> None:
    """Refuse a DICOMDIR, and bytes that parse to no object."""
    if ds.file_meta.get("MediaStorageSOPClassUID") == MediaStorageDirectoryStorage:
        raise Refused(IS_INDEX)
    if "SOPClassUID" not in ds and not has_pixels(ds):
        raise Refused("This is not a DICOM object: it states no SOP class, no rows and no columns.")


def _name_syntax(ds: FileDataset) -> None:
    """Set the inferred transfer syntax if the file states none, and for retired ones that of a suitable decoder."""
    if stated := ds.file_meta.get("TransferSyntaxUID"):
        if stated in PROGRESSIVE_JPEG:
            ds.file_meta.TransferSyntaxUID = JPEGExtended12Bit
        return
    is_implicit, is_little = ds.original_encoding
    little = ImplicitVRLittleEndian if is_implicit else ExplicitVRLittleEndian
    ds.file_meta.TransferSyntaxUID = little if is_little else ExplicitVRBigEndian
