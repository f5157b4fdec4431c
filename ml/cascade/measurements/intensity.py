"""First-order features: statistics of a lesion's grey values, regardless of their positions."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ml.cascade.measurements.figures import figure
from ml.schemas import FigureAnswer

#: Width of a histogram bin, starting at 0: 32 bins for the 256 grey values of an image (IBSI: fixed bin size
#: discretisation).
BIN_WIDTH = 8


def intensity_features(values: NDArray[np.uint8]) -> Iterator[FigureAnswer]:
    """Yield intensity-based statistics (IBSI UHIW) and the histogram's entropy (ZVCW) of grey values, shape (n,)."""
    grey = values.astype(np.float64)
    spread = float(grey.std())
    yield from figure("mean", grey.mean(), "grey", ibsi="Q4LE")
    yield from figure("standard_deviation", spread, "grey")  # the square root of the variance, ECT3
    yield from figure("median", np.median(grey), "grey", ibsi="Y12H")
    yield from figure("minimum", grey.min(), "grey", ibsi="1GSF")
    yield from figure("10th_percentile", np.percentile(grey, 10), "grey", ibsi="QG58")
    yield from figure("90th_percentile", np.percentile(grey, 90), "grey", ibsi="8DWT")
    yield from figure("maximum", grey.max(), "grey", ibsi="84IY")
    # Both are 0 if all values are equal (IBSI); kurtosis is the excess kurtosis. They and the entropy are computed here
    # because a library's argument checks take ten times as long as the sums, for every lesion of every series.
    standard = (grey - grey.mean()) / (spread or 1.0)
    yield from figure("skewness", (standard**3).mean(), "1", ibsi="KE2M")
    yield from figure("kurtosis", (standard**4).mean() - 3 if spread else 0.0, "1", ibsi="IPH6")
    shares = np.bincount(values // BIN_WIDTH) / len(values)
    shares = shares[shares > 0]
    yield from figure("entropy", -(shares * np.log2(shares)).sum(), "1", ibsi="TLU2")
