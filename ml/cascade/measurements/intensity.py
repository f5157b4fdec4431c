"""First-order features: what the grey values of a lesion are like, wherever they lie."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ml.cascade.measurements.figures import figure
from ml.schemas import FigureAnswer

#: Grey values of one bin of the histogram, the first beginning at 0: 32 bins over the 256 that a picture has
#: (IBSI: fixed bin size discretisation).
BIN_WIDTH = 8


def intensity_features(values: NDArray[np.uint8]) -> Iterator[FigureAnswer]:
    """Yield intensity-based statistics (IBSI UHIW) and the histogram's entropy (ZVCW) of values, shape (n,)."""
    grey = values.astype(np.float64)
    spread = float(grey.std())
    yield from figure("mean", grey.mean(), "grey", ibsi="Q4LE")
    yield from figure("standard_deviation", spread, "grey")  # the root of variance, ECT3
    yield from figure("median", np.median(grey), "grey", ibsi="Y12H")
    yield from figure("minimum", grey.min(), "grey", ibsi="1GSF")
    yield from figure("10th_percentile", np.percentile(grey, 10), "grey", ibsi="QG58")
    yield from figure("90th_percentile", np.percentile(grey, 90), "grey", ibsi="8DWT")
    yield from figure("maximum", grey.max(), "grey", ibsi="84IY")
    # Both 0 where all values are one (IBSI); the kurtosis is the excess. By hand, as is the entropy: the library's
    # checks of its arguments take ten times as long as the sums, for every lesion of every series.
    standard = (grey - grey.mean()) / (spread or 1.0)
    yield from figure("skewness", (standard**3).mean(), "1", ibsi="KE2M")
    yield from figure("kurtosis", (standard**4).mean() - 3 if spread else 0.0, "1", ibsi="IPH6")
    shares = np.bincount(values // BIN_WIDTH) / len(values)
    shares = shares[shares > 0]
    yield from figure("entropy", -(shares * np.log2(shares)).sum(), "1", ibsi="TLU2")
