"""Writes heat maps and masks as PNG files."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.cascade.prepare import Placement

#: Longest side of a heat map in pixels. Networks' maps are far coarser; the page stretches them over the slice.
LONGEST = 320
#: Colour ramp from low to high: dark red, orange, pale yellow. Lightness increases throughout, so that it can be read
#: without distinguishing red from green.
RAMP = np.array([[120, 20, 10], [225, 80, 20], [255, 170, 50], [255, 245, 190]], dtype=np.float32)


def heat_map_png(values: NDArray[np.float32], path: Path) -> None:
    """Write the `heat_map` of values in [0, 1], shape (rows, columns), as PNG."""
    heat_map(values).save(path, format="PNG", compress_level=3)


def heat_map(values: NDArray[np.float32]) -> Image.Image:
    """Return an RGBA image of values in [0, 1], shape (rows, columns): higher is brighter and more opaque."""
    values = np.clip(values, 0, 1)
    place = values * (len(RAMP) - 1)
    low = np.minimum(place.astype(int), len(RAMP) - 2)
    share = (place - low)[..., None]
    colour = RAMP[low] * (1 - share) + RAMP[low + 1] * share
    rgba = np.dstack([colour, values * 255]).astype(np.uint8)
    return Image.fromarray(rgba, mode="RGBA")


def coarse(placement: Placement) -> Placement:
    """Return a placement for the same slice, reduced to at most `LONGEST` pixels."""
    factor = max(1.0, max(placement.width, placement.height) / LONGEST)
    width, height = max(1, round(placement.width / factor)), max(1, round(placement.height / factor))
    return Placement(placement.scale * factor, placement.left, placement.top, width, height)


def mask_png(mask: NDArray[np.bool_], path: Path) -> None:
    """Write a mask, shape (rows, columns), as a PNG with one bit per pixel."""
    Image.fromarray(mask).save(path, format="PNG")


def normalised(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return an activation map scaled to [0, 1]; negative activations, evidence against the label, become 0."""
    positive = np.maximum(values, 0)
    top = float(positive.max())
    return np.asarray(positive / top if top > 0 else positive, dtype=np.float32)
