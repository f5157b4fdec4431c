"""Heat maps and masks as PNG files that lie beside an answer."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.cascade.prepare import Placement

#: Longest side of a heat map in pixels. A network's map is far coarser; the page stretches it over the slice.
LONGEST = 320
#: From nothing to much: dark red, orange, pale yellow. Lightness rises all the way, so that it can be
#: read without telling red from green.
RAMP = np.array([[120, 20, 10], [225, 80, 20], [255, 170, 50], [255, 245, 190]], dtype=np.float32)


def heat_map_png(values: NDArray[np.float32], path: Path) -> None:
    """Write a map of values in [0, 1], shape (rows, columns), as `heat_map` draws it."""
    heat_map(values).save(path, format="PNG", compress_level=3)


def heat_map(values: NDArray[np.float32]) -> Image.Image:
    """Draw a map of values in [0, 1], shape (rows, columns), as RGBA: the more, the brighter and less clear."""
    values = np.clip(values, 0, 1)
    place = values * (len(RAMP) - 1)
    low = np.minimum(place.astype(int), len(RAMP) - 2)
    share = (place - low)[..., None]
    colour = RAMP[low] * (1 - share) + RAMP[low + 1] * share
    rgba = np.dstack([colour, values * 255]).astype(np.uint8)
    return Image.fromarray(rgba, mode="RGBA")


def coarse(placement: Placement) -> Placement:
    """Return a placement of the same slice drawn small, for maps that need no more than that."""
    factor = max(1.0, max(placement.width, placement.height) / LONGEST)
    width, height = max(1, round(placement.width / factor)), max(1, round(placement.height / factor))
    return Placement(placement.scale * factor, placement.left, placement.top, width, height)


def mask_png(mask: NDArray[np.bool_], path: Path) -> None:
    """Write a mask, shape (rows, columns), as a PNG of one bit a pixel."""
    Image.fromarray(mask).save(path, format="PNG")


def normalised(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return an activation map scaled to [0, 1]; what argues against the label counts as nothing."""
    positive = np.maximum(values, 0)
    top = float(positive.max())
    return np.asarray(positive / top if top > 0 else positive, dtype=np.float32)
