"""Lines short enough for a report."""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Line = list[tuple[float, float]]
#: Points that a line keeps: as many as a small drawing can show.
POINTS = 80


def thinned(across: Values, up: Values, *, points: int = POINTS) -> Line:
    """At most so many of a line's points, evenly along its length, first and last among them, four digits each."""
    steps = np.hypot(np.diff(across, prepend=across[:1]), np.diff(up, prepend=up[:1]))
    length = np.cumsum(steps)
    wanted = np.linspace(0, length[-1], points)
    near = np.minimum(np.searchsorted(length, wanted - 1e-12), len(across) - 1)
    chosen = np.unique(np.concatenate([[0], near, [len(across) - 1]]))
    return [(round(float(across[i]), 4), round(float(up[i]), 4)) for i in chosen]
