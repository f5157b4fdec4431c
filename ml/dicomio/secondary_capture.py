"""Wraps a picture as a DICOM Secondary Capture (PS3.3 A.8), so that the archive contains DICOM objects only.

The header invents nothing: no patient, no date, no pixel size. The same picture always gives the same object.
"""

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    JPEGBaseline8Bit,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    MultiFrameTrueColorSecondaryCaptureImageStorage,
    SecondaryCaptureImageStorage,
)

from ml.dicomio import limits
from ml.dicomio.display import Frame
from ml.dicomio.errors import Refused
from ml.dicomio.pictures import Page, page_of, page_shown, pages_read, picture_opened

#: Software version (0018,1019) that marks an object as a picture wrapped by this module.
OURS = "Readroom picture 1"
#: Root of the UIDs, which are derived from the picture's bytes (PS3.5 B.2: "2.25." and a 128-bit number).
UUID_ROOT = "2.25."
#: Type 2 elements for which a picture has no value.
UNKNOWN = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "ReferringPhysicianName",
    "StudyID", "AccessionNumber", "SeriesNumber", "PatientOrientation", "Laterality",
)  # fmt: skip
UPRIGHT, ORIENTATION = 1, 0x0112  # EXIF


def captured(path: Path, *, out: Path) -> None:
    """Write a PNG, JPEG or TIFF as a Secondary Capture object.

    An upright baseline JPEG is encapsulated as it is (PS3.5 A.4.1); everything else is stored as native pixel data.

    Parameters
    ----------
    path
        The picture.
    out
        Path of the PS3.10 file to write.

    Raises
    ------
    Refused
        If it cannot be read (see `pages_read`), its pages differ in size or type, or they are too large together.
    """
    ds = _identity(path)
    if (jpeg := _jpeg_kept(path)) is not None:
        _put_jpeg(ds, *jpeg)
    else:
        _put_pages(ds, _pages(path))
    ds.save_as(out, enforce_file_format=True)


def captured_frame(ds: Dataset) -> Frame | None:
    """Return the frame of a wrapped JPEG, decoded as pictures are; None for any other object.

    JPEG decoders differ by a grey level here and there, and the networks' input must not depend on the wrapping.
    """
    if ds.get("SecondaryCaptureDeviceSoftwareVersions") != OURS or ds.file_meta.TransferSyntaxUID != JPEGBaseline8Bit:
        return None
    with Image.open(io.BytesIO(get_frame(ds.PixelData, 0, number_of_frames=1)), formats=("JPEG",)) as image:
        image.load()
        return page_shown(page_of(image))


def _identity(path: Path) -> FileDataset:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
    ds = FileDataset("", {}, bytes(128), FileMetaDataset())
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SOPInstanceUID = (
        UUID_ROOT + str(int.from_bytes(hashlib.sha256(level + digest).digest()[:16]))
        for level in (b"study", b"series", b"instance")
    )
    for keyword in UNKNOWN:
        setattr(ds, keyword, None)
    ds.Modality, ds.ConversionType, ds.InstanceNumber = "OT", "WSD", 1
    ds.SecondaryCaptureDeviceSoftwareVersions = OURS
    return ds


def _jpeg_kept(path: Path) -> tuple[bytes, Image.Image] | None:
    """Return the bytes of a JPEG that can be encapsulated unchanged, and the picture; None for anything else."""
    with picture_opened(path) as image:
        turned = image.getexif().get(ORIENTATION, UPRIGHT)
        if image.format != "JPEG" or image.mode not in {"L", "RGB"} or turned != UPRIGHT:
            return None
        image.load()
        data = path.read_bytes()
        return (data, image) if _is_baseline(data) else None


def _is_baseline(data: bytes) -> bool:
    """Return whether the frame header is SOF0 (ITU-T T.81 B.2.2): baseline sequential, 8 bits, Huffman."""
    at = 2
    while data[at : at + 1] == b"\xff" and at + 4 <= len(data):
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            return marker == 0xC0
        at += 1 if marker == 0xFF else 2 + int.from_bytes(data[at + 2 : at + 4])
    return False


def _put_jpeg(ds: FileDataset, data: bytes, image: Image.Image) -> None:
    layers = getattr(image, "layer", [])  # number, horizontal and vertical sampling of each component
    is_rgb = image.info.get("adobe_transform") == 0 or [layer[0] for layer in layers] == list(b"RGB")
    is_sampled = len({tuple(layer[1:3]) for layer in layers}) > 1
    colour = "RGB" if is_rgb else "YBR_FULL_422" if is_sampled else "YBR_FULL"
    is_grey = image.mode == "L"
    rows, columns, samples = image.height, image.width, 1 if is_grey else 3
    _put_shape(ds, rows, columns, bits=8, photometric="MONOCHROME2" if is_grey else colour)
    _put_kind(ds, SecondaryCaptureImageStorage, JPEGBaseline8Bit)
    ds.LossyImageCompression, ds.LossyImageCompressionMethod = "01", "ISO_10918_1"
    ds.LossyImageCompressionRatio = f"{rows * columns * samples / len(data):.4g}"
    ds.PixelData = encapsulate([data])


def _pages(path: Path) -> list[Page]:
    pages: list[Page] = []
    for page in pages_read(path):
        if pages and (page.shape, page.dtype) != (pages[0].shape, pages[0].dtype):
            raise Refused("The pages of the TIFF differ in size or in kind; send them one by one.")
        pages.append(page)
        if sum(one.nbytes for one in pages) > limits.PICTURE_BYTES:
            raise Refused(f"The picture would unpack to more than {limits.PICTURE_BYTES >> 20} MiB.")
    return pages


def _put_pages(ds: FileDataset, pages: Sequence[Page]) -> None:
    first, is_grey = pages[0], pages[0].ndim == 2
    _put_shape(ds, *first.shape[:2], bits=8 * first.dtype.itemsize, photometric="MONOCHROME2" if is_grey else "RGB")
    sop_class = SecondaryCaptureImageStorage
    if len(pages) > 1:
        grey = {
            1: MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
            2: MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
        }
        sop_class = grey[first.dtype.itemsize] if is_grey else MultiFrameTrueColorSecondaryCaptureImageStorage
        _put_frames(ds, len(pages), is_grey=is_grey)
    _put_kind(ds, sop_class, ExplicitVRLittleEndian)
    data = b"".join(np.ascontiguousarray(page, page.dtype.newbyteorder("<")).tobytes() for page in pages)
    ds.PixelData = data + b"\0" * (len(data) % 2)
    ds["PixelData"].VR = "OW" if first.dtype.itemsize > 1 else "OB"


def _put_shape(ds: Dataset, rows: int, columns: int, *, bits: int, photometric: str) -> None:
    ds.Rows, ds.Columns = rows, columns
    ds.SamplesPerPixel = 1 if photometric == "MONOCHROME2" else 3
    ds.PhotometricInterpretation = photometric
    ds.BitsAllocated = ds.BitsStored = bits
    ds.HighBit, ds.PixelRepresentation = bits - 1, 0
    if ds.SamplesPerPixel == 3:
        ds.PlanarConfiguration = 0
    elif bits == 8:
        ds.WindowCenter, ds.WindowWidth = 128, 256  # 8-bit values are displayed unchanged


def _put_frames(ds: Dataset, count: int, *, is_grey: bool) -> None:
    """Add the elements of a multi-frame object whose frames are pages (PS3.3 C.8.6.3 and C.8.6.4)."""
    ds.NumberOfFrames = count
    ds.FrameIncrementPointer = 0x00182001
    ds.PageNumberVector = list(range(1, count + 1))
    ds.BurnedInAnnotation = "YES"  # nobody has checked, so de-identification must assume it
    if is_grey:
        ds.PresentationLUTShape, ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "IDENTITY", 0, 1, "US"


def _put_kind(ds: FileDataset, sop_class: UID, syntax: UID) -> None:
    ds.SOPClassUID = sop_class
    ds.file_meta.TransferSyntaxUID = syntax
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = sop_class, ds.SOPInstanceUID
