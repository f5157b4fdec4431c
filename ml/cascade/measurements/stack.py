"""A lesion as a stack of masks, with the pixel grids of its slices."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.dicomio.calibration import FrameGrid

#: Tolerance of slice distances as a fraction of their median, since positions in headers are rounded.
UNEVEN = 0.1


@dataclass(frozen=True, eq=False)
class Stack:
    """A lesion from its first to its last outlined slice.

    Attributes
    ----------
    masks
        Shape (slices, rows, columns); a slice on which the lesion was missed, between outlined ones, is empty.
    greys
        Luminance as displayed, after the header's window: uint8, the shape of `masks`.
    grids
        The pixel grid of each slice.
    """

    masks: NDArray[np.bool_]
    greys: NDArray[np.uint8]
    grids: Sequence[FrameGrid]

    @property
    def grid(self) -> FrameGrid:
        """The pixel grid of its slices, which all belong to one series."""
        return self.grids[0]

    @property
    def is_calibrated(self) -> bool:
        """Whether lengths are in mm: all slices are calibrated, with the same pixel size."""
        sizes = [grid.size for grid in self.grids]
        return all(grid.is_calibrated for grid in self.grids) and bool(np.allclose(sizes, sizes[0], rtol=1e-3))

    @property
    def outlined(self) -> list[int]:
        """The indices of the slices on which the lesion is outlined."""
        return [int(number) for number in np.flatnonzero(self.masks.any(axis=(1, 2)))]

    def gap(self) -> tuple[float | None, str]:
        """Return the distance between slices in mm and ""; None and the reason if there is no uniform distance."""
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
        """Return the stack cropped to the lesion's bounding box, since large slices cost time."""
        rows, columns = (np.flatnonzero(self.masks.any(axis=(0, axis))) for axis in (2, 1))
        part = np.s_[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        return Stack(self.masks[part], self.greys[part], self.grids)
