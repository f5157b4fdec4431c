"""Checks what an image claims about itself against limits, and against the bytes that it has."""

from io import BytesIO

from pydicom.dataset import Dataset, FileDataset
from pydicom.encaps import parse_basic_offsets, parse_fragments

from ml.dicomio import limits
from ml.dicomio.errors import CUT_SHORT, Refused
from ml.dicomio.values import whole_number

BITS = frozenset({1, 8, 16, 32, 64})  # BitsAllocated, PS3.5 8.1.1
SAMPLES = frozenset({1, 3})  # SamplesPerPixel, PS3.3 C.7.6.3.1.1
PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def check_claims(ds: FileDataset, *, size: int) -> None:
    """Refuse an image that exceeds the limits, or claims more pixels than its bytes can hold.

    Parameters
    ----------
    ds
        The image; its pixel data may not have been read.
    size
        Bytes of its file.

    Raises
    ------
    Refused
        With the claim that is too large or cannot be true.
    """
    rows, columns = int(ds.Rows), int(ds.Columns)
    frames = whole_number(ds, "NumberOfFrames") or 1
    bits, samples = whole_number(ds, "BitsAllocated") or 0, whole_number(ds, "SamplesPerPixel") or 1
    if not 1 <= frames <= limits.FRAMES:
        raise Refused(f"The DICOM file claims {frames:,} frames; at most {limits.FRAMES:,} are read.")
    if rows * columns > limits.PIXELS_PER_FRAME:
        raise Refused(f"The DICOM file claims {rows:,} x {columns:,} pixels a frame, more than is read.")
    if bits not in BITS or samples not in SAMPLES:
        raise Refused(f"The DICOM file claims {bits} bits in {samples} samples a pixel, which no image has.")
    decoded = frames * rows * columns * bits * samples // 8
    if decoded > limits.DECODED_BYTES:
        raise Refused(f"The DICOM file would unpack to {decoded >> 20:,} MiB, more than is read.")
    _check_bytes(ds, frames=frames, decoded=decoded, size=size)


def check_present(ds: FileDataset, *, read: bool) -> None:
    """Refuse an image without pixel data, provided that they have been `read`."""
    if read and not any(ds.get(keyword) for keyword in PIXELS):
        raise Refused("The DICOM file describes an image but holds no pixels.")


def _check_bytes(ds: FileDataset, *, frames: int, decoded: int, size: int) -> None:
    syntax = ds.file_meta.TransferSyntaxUID
    if not syntax.is_transfer_syntax:
        raise Refused("The DICOM file is in a transfer syntax that is not known here.")
    if syntax.is_encapsulated:
        if ds.get("PixelData") and _fragments(ds.PixelData) < frames:
            raise Refused(CUT_SHORT)
    elif not syntax.is_deflated and decoded * kept_share(ds) > size:
        raise Refused(CUT_SHORT)


def kept_share(ds: Dataset) -> float:
    """Return the fraction of samples in native pixel data: YBR_FULL_422 has half of two of its three channels."""
    return 2 / 3 if ds.get("PhotometricInterpretation") == "YBR_FULL_422" else 1.0


def _fragments(pixels: bytes) -> int:
    """Return the number of fragments after the basic offset table (PS3.5 A.4); each frame has at least one."""
    buffer = BytesIO(pixels)
    parse_basic_offsets(buffer)
    return parse_fragments(buffer)[0]
