"""Values to 8 bits, by the window or lookup table in the header, or stretched between percentiles."""

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from ml.dicomio.values import real_numbers, text

Values = NDArray[np.floating]
#: Percentiles between which an image without a window is stretched.
DARKEST, BRIGHTEST = 0.5, 99.5


def windowed(ds: Dataset, values: Values, *, padding: NDArray[np.bool_] | None = None) -> NDArray[np.uint8]:
    """Return values in 8 bits, by the header's first window (PS3.3 C.11.2.1.2) or LUT, or else stretched."""
    centres, widths = real_numbers(ds, "WindowCenter"), real_numbers(ds, "WindowWidth")
    if centres and widths and widths[0] > 0:
        function = text(ds, "VOILUTFunction", longest=16)
        return bytes_of(_window(function, values, centres[0], widths[0]))
    if ds.get("VOILUTSequence"):
        return bytes_of(_through_voi_lut(ds.VOILUTSequence[0], values))
    return stretched(values, padding=padding)


def window_asked(words: str) -> Dataset:
    """Return the elements of a window given as "centre,width,FUNCTION" (PS3.18 8.3.5.1.4)."""
    centre, width, function = words.split(",")
    ds = Dataset()
    ds.WindowCenter, ds.WindowWidth, ds.VOILUTFunction = float(centre), float(width), function
    return ds


def _window(function: str, values: Values, centre: float, width: float) -> Values:
    """Return values scaled to 0..1 by a window (PS3.3 C.11.2.1.2.1 linear, .3.1 sigmoid, .3.2 linear exact)."""
    if function == "SIGMOID":
        return np.asarray(1 / (1 + np.exp(np.clip(-4 * (values - centre) / width, -80, 80))))
    if function == "LINEAR_EXACT":
        return _line(values, middle=centre, length=width)
    return _line(values, middle=centre - 0.5, length=max(width - 1, 1e-6))


def _line(values: Values, *, middle: float, length: float) -> Values:
    """Return values scaled linearly: 0 at half a length below the middle, 1 at half a length above it."""
    share = values - middle
    share /= length
    share += 0.5
    return share


def _through_voi_lut(table: Dataset, values: Values) -> NDArray[np.float64]:
    """Return values scaled to 0..1 by a VOI LUT (PS3.3 C.11.2.1.1); values beyond its ends take the end's entry.

    pydicom's `apply_voi` is not used: with 8-bit entries, its index wraps around at 256.
    """
    count, first, bits = (int(number) for number in table.LUTDescriptor)
    data = table.LUTData
    entries = np.frombuffer(data, "<u2" if len(data) >= 2 * count else "u1") if isinstance(data, bytes) else data
    index = np.clip(np.rint(values) - first, 0, len(entries) - 1).astype(np.intp)
    return np.asarray(np.asarray(entries, np.float64)[index] / (2**bits - 1))


def stretched(values: Values, *, padding: NDArray[np.bool_] | None = None) -> NDArray[np.uint8]:
    """Return values stretched between two percentiles to 0..255; a uniform image becomes black.

    `padding` marks pixels outside the scanned field, which are ignored.
    """
    finite = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    inside = finite[~padding] if padding is not None and not padding.all() else finite
    low, high = (float(value) for value in np.percentile(inside, [DARKEST, BRIGHTEST]))
    if high <= low:
        low, high = float(inside.min()), float(inside.max())
    if high <= low:
        return np.zeros(finite.shape, dtype=np.uint8)
    return bytes_of((finite - low) / (high - low))


def bytes_of(share: Values) -> NDArray[np.uint8]:
    """Return values of 0..1 as 0..255; values outside are clipped."""
    whole = np.clip(share, 0, 1)
    whole *= 255
    return np.rint(whole, out=whole).astype(np.uint8)
