"""Stored pixel values to 8-bit frames for display, windowed as the header states."""

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut

from ml.dicomio.values import real_number, text
from ml.dicomio.windows import Values, bytes_of, windowed

Frame = NDArray[np.uint8]  # (rows, columns) grey or (rows, columns, 3) RGB

#: Functional group macros with the display transformations of a frame (PS3.3 C.7.6.16.2.9 and .10).
DISPLAY_MACROS = ("PixelValueTransformationSequence", "FrameVOILUTSequence")
#: ITU-R BT.601 weights of red, green and blue.
LUMINANCE = np.array([0.299, 0.587, 0.114], dtype=np.float32)
#: Largest difference between the channels of a pixel that counts as grey: JPEG compression adds noise.
JPEG_NOISE = 24


def shown(ds: Dataset, stored: NDArray[np.generic], *, frame: int, window: Dataset | None = None) -> Frame:
    """Return one frame as it is displayed, in 8 bits.

    Parameters
    ----------
    ds
        Header of the object.
    stored
        (rows, columns), or (rows, columns, 3) as RGB.
    frame
        Its number, from 0: enhanced objects state windows for each frame.
    window
        Elements that replace the header's window; None for the header's own.

    Returns
    -------
    Frame
        After modality LUT (PS3.3 C.11.1), VOI LUT (C.11.2) and photometric interpretation (C.7.6.3.1.2).
    """
    photometric = text(ds, "PhotometricInterpretation", longest=16)
    if photometric == "PALETTE COLOR":
        return _eight_bits(apply_color_lut(stored, ds))
    if stored.ndim == 3:
        return _eight_bits(stored)
    header = frame_header(ds, frame)
    grey = windowed(header if window is None else window, rescaled(header, stored), padding=_padding(ds, stored))
    return np.invert(grey) if photometric == "MONOCHROME1" else grey


def frame_header(ds: Dataset, frame: int) -> Dataset:
    """Return the elements that state how to display a frame: the object's own, or those of its functional groups."""
    shared, own = ds.get("SharedFunctionalGroupsSequence") or [], ds.get("PerFrameFunctionalGroupsSequence") or []
    if not shared and not own:
        return ds
    header = Dataset()
    for group in (*shared[:1], *own[frame : frame + 1]):
        for macro in DISPLAY_MACROS:
            for item in group.get(macro) or []:
                header.update(item)
    return header


def rescaled(header: Dataset, stored: NDArray[np.generic]) -> Values:
    """Return stored values as modality values (PS3.3 C.11.1): 32-bit floats if those are exact, otherwise 64-bit."""
    exact = np.float32 if stored.dtype.itemsize <= 2 else np.float64
    if header.get("ModalityLUTSequence"):
        return np.asarray(apply_modality_lut(stored, header), exact)
    values: Values = np.array(stored, exact)
    values *= real_number(header, "RescaleSlope") or 1.0
    values += real_number(header, "RescaleIntercept") or 0.0
    return values


def grey_of(frame: Frame) -> NDArray[np.uint8]:
    """Return the luminance of a frame, shape (rows, columns)."""
    return frame if frame.ndim == 2 else np.asarray(np.rint(frame @ LUMINANCE), np.uint8)


def colour_share(frame: Frame) -> float:
    """Return the fraction of coloured pixels, 0 to 1: those whose channels differ by more than JPEG noise."""
    if frame.ndim == 2:
        return 0.0
    spread = frame.max(axis=2).astype(np.int16) - frame.min(axis=2)
    return float((spread > JPEG_NOISE).mean())


def _padding(ds: Dataset, stored: NDArray[np.generic]) -> NDArray[np.bool_] | None:
    """Return the mask of padding: PixelPaddingValue to PixelPaddingRangeLimit (PS3.3 C.7.5.1.1.2); None without."""
    value = real_number(ds, "PixelPaddingValue")
    if value is None:
        return None
    limit = real_number(ds, "PixelPaddingRangeLimit")
    low, high = sorted((value, value if limit is None else limit))
    return np.asarray((stored >= low) & (stored <= high))  # type: ignore[operator]


def _eight_bits(colour: NDArray[np.generic]) -> Frame:
    if colour.dtype == np.uint8:
        return np.asarray(colour, np.uint8)
    values = colour.astype(np.float64)
    return bytes_of(values / max(float(values.max()), 1.0)) if colour.dtype != np.uint16 else _high_byte(values)


def _high_byte(values: NDArray[np.float64]) -> Frame:
    return np.asarray(values / 256, np.uint8)
