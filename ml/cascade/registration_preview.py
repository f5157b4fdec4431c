"""Images of a registered follow-up over its prior: fused in two colours, and as a checkerboard."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813 - its documentation's own name
from numpy.typing import NDArray
from PIL import Image

from ml.cascade.registration import head_of

Grey = NDArray[np.uint8]
#: Most slices to draw, evenly spaced over those that show the head, and their longest side in pixels.
MOST, LONGEST = 24, 384
#: Number of checkerboard fields along each side of a slice.
FIELDS = 8


@dataclass(frozen=True)
class LaidSlice:
    """One slice on the prior's grid, numbered from 0; both images have the same shape (rows, columns)."""

    number: int
    prior: Grey
    follow_up: Grey

    def fused(self) -> Image.Image:
        """Return both in one image: the prior in magenta, the follow-up in green; where they match, it is grey."""
        return Image.fromarray(np.dstack([self.prior, self.follow_up, self.prior]))

    def checkerboard(self) -> Image.Image:
        """Return a checkerboard of alternating fields of the prior and the follow-up."""
        rows, columns = (np.arange(side) * FIELDS // side for side in self.prior.shape)
        return Image.fromarray(np.where((rows[:, None] + columns) % 2 == 0, self.prior, self.follow_up))


def slices_laid(prior: sitk.Image, follow_up: sitk.Image, transform: sitk.Transform) -> Iterator[LaidSlice]:
    """Yield slices of the prior, resampled to square pixels, with the follow-up on the same grid."""
    size, spacing = prior.GetSize(), prior.GetSpacing()
    square = max(min(spacing[:2]), max(size[0] * spacing[0], size[1] * spacing[1]) / LONGEST)
    counts = [round(size[0] * spacing[0] / square), round(size[1] * spacing[1] / square), size[2]]
    grid = sitk.Image(counts, sitk.sitkFloat32)
    grid.SetOrigin(prior.GetOrigin())
    grid.SetDirection(prior.GetDirection())
    grid.SetSpacing((square, square, spacing[2]))
    here, there = sitk.Resample(prior, grid), sitk.Resample(follow_up, grid, transform, sitk.sitkLinear, 0.0)
    shown = np.flatnonzero(sitk.GetArrayViewFromImage(head_of(here)).any(axis=(1, 2)))
    for place in np.unique(np.linspace(0, len(shown) - 1, min(MOST, len(shown))).round().astype(int)):
        number = int(shown[place])
        yield LaidSlice(number, _bytes(here[:, :, number]), _bytes(there[:, :, number]))


def pictures_drawn(laid: Iterator[LaidSlice], out: Path) -> list[tuple[int, str, str]]:
    """Write both images of each slice; return (slice number, fused name, checkerboard name) for each."""
    drawn = []
    for one in laid:
        kinds: dict[str, Callable[[], Image.Image]] = {"fused": one.fused, "checkerboard": one.checkerboard}
        names = [f"{kind}-{one.number + 1}.png" for kind in kinds]
        for name, draw in zip(names, kinds.values(), strict=True):
            draw().save(out / name, format="PNG", compress_level=3)
        drawn.append((one.number, names[0], names[1]))
    return drawn


def _bytes(image: sitk.Image) -> Grey:
    return np.asarray(np.clip(sitk.GetArrayFromImage(image), 0, 255), dtype=np.uint8)
