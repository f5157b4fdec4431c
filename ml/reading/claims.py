"""What an image claims about itself, held against the bytes that it has."""

from io import BytesIO

from pydicom.dataset import FileDataset
from pydicom.encaps import parse_basic_offsets, parse_fragments

from ml.reading import limits
from ml.reading.refusal import Refused

BITS = frozenset({1, 8, 16, 32, 64})  # BitsAllocated, PS3.5 8.1.1
SAMPLES = frozenset({1, 3})  # SamplesPerPixel, PS3.3 C.7.6.3.1.1
CUT_SHORT = "The DICOM file is cut short: it claims more pixels than its bytes hold."


def check_claims(ds: FileDataset, *, size: int) -> None:
    """Refuse an object that is no DICOM object, or an image of a size that nobody sends.

    Parameters
    ----------
    ds
        The object; its pixels may not have been read.
    size
        Bytes of its file.

    Raises
    ------
    Refused
        With the claim that cannot be true.
    """
    rows, columns = int(ds.get("Rows") or 0), int(ds.get("Columns") or 0)
    if len(ds) == 0 or ("SOPClassUID" not in ds and not (rows and columns)):
        raise Refused("This is not a DICOM object: it states no SOP class, no rows and no columns.")
    if rows and columns:
        _check_size(ds, rows=rows, columns=columns, size=size)


def _check_size(ds: FileDataset, *, rows: int, columns: int, size: int) -> None:
    frames = int(ds.get("NumberOfFrames") or 1)
    bits, samples = int(ds.get("BitsAllocated") or 0), int(ds.get("SamplesPerPixel") or 1)
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


def _check_bytes(ds: FileDataset, *, frames: int, decoded: int, size: int) -> None:
    syntax = ds.file_meta.TransferSyntaxUID
    if not syntax.is_transfer_syntax:
        raise Refused("The DICOM file is in a transfer syntax that is not known here.")
    if syntax.is_encapsulated:
        if "PixelData" in ds and _fragments(ds.PixelData or b"") < frames:
            raise Refused(CUT_SHORT)
    elif not syntax.is_deflated and decoded * _kept_share(ds) > size:
        raise Refused(CUT_SHORT)


def _kept_share(ds: FileDataset) -> float:
    """Return the share of samples that native data keep: YBR_FULL_422 halves two of three."""
    return 2 / 3 if ds.get("PhotometricInterpretation") == "YBR_FULL_422" else 1.0


def _fragments(pixels: bytes) -> int:
    """Count the fragments behind the basic offset table (PS3.5 A.4): each frame has at least one."""
    buffer = BytesIO(pixels)
    parse_basic_offsets(buffer)
    return parse_fragments(buffer)[0]
