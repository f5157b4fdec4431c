"""A lesion as a stack of masks, with the grid that it lies on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.dicomio.calibration import FrameGrid

#: Distances between slices may differ by this part of their median: positions are rounded in headers.
UNEVEN = 0.1


@dataclass(frozen=True, eq=False)
class Stack:
    """A lesion from its first to its last outlined slice.

    Attributes
    ----------
    masks
        (slices, rows, columns); a slice between two outlined ones on which it was missed is empty.
    greys
        uint8, shaped like `masks`: luminance as shown, after the header's window.
    grids
        One each slice.
    """

    masks: NDArray[np.bool_]
    greys: NDArray[np.uint8]
    grids: Sequence[FrameGrid]

    @property
    def grid(self) -> FrameGrid:
        """The grid of its slices, which are of one series."""
        return self.grids[0]

    @property
    def is_calibrated(self) -> bool:
        """Whether lengths are mm: every slice says so, and says the same."""
        sizes = [grid.size for grid in self.grids]
        return all(grid.is_calibrated for grid in self.grids) and bool(np.allclose(sizes, sizes[0], rtol=1e-3))

    @property
    def outlined(self) -> list[int]:
        """Slices of the stack that hold a part of it."""
        return [int(number) for number in np.flatnonzero(self.masks.any(axis=(1, 2)))]

    def gap(self) -> tuple[float | None, str]:
        """Return the distance between slices in mm; None, and a sentence why, where there is no single one."""
        if len(self.outlined) < 2:
            return None, "No volume: it is outlined on one slice only."
        if not self.is_calibrated:
            return None, "No volume: the slices are not calibrated."
        positions = [grid.position for grid in self.grids if grid.position is not None]
        if len(positions) < len(self.grids):
            return None, "No volume: the header does not say where the slices lie."
        steps = np.diff(positions)
        gap = float(np.median(steps))
        if gap == 0 or not np.allclose(steps, gap, rtol=UNEVEN, atol=0):
            return None, "No volume: the slices do not lie evenly one behind the other."
        return abs(gap), ""

    def cropped(self) -> "Stack":
        """Return the part of its slices that holds it: nothing outside counts, and large slices cost time."""
        rows, columns = (np.flatnonzero(self.masks.any(axis=(0, axis))) for axis in (2, 1))
        part = np.s_[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        return Stack(self.masks[part], self.greys[part], self.grids)
