"""A grid of example pictures with their maps, drawn from the one source whose licence lets them be shown."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ml.data import Picture, grey_read
from ml.drawing import heat_map, normalised
from ml.prepare import Placement, map_to_picture

#: The collection that may be shown, and what must be said beside it.
SOURCE = "brain_boxes"
CREDIT = "Brain MR: J. Cheng, brain tumor dataset, figshare 2017, doi 10.6084/m9.figshare.1512427, CC BY 4.0"
ATTRIBUTION = f"{CREDIT}; shrunk, with the drawn box (white) and the network's map over it."
COLUMNS, EXAMPLES = 4, 12
_TILE, _GAP, _FOOT = 180, 4, 18


def grid_drawn(
    folder: Path,
    pictures: Sequence[Picture],
    placements: Sequence[Placement],
    maps: NDArray[np.float32],
    shown: Sequence[int],
    file: Path,
) -> None:
    """Write up to twelve pictures with box and map, spread evenly over `shown`, so that nobody picked the good ones.

    Parameters
    ----------
    maps
        Shape (N, h, w), over the square input of each of the pictures.
    shown
        Numbers of the pictures that may be shown.
    """
    chosen = [shown[i] for i in np.unique(np.linspace(0, len(shown) - 1, EXAMPLES).round().astype(int))]
    rows = -(-len(chosen) // COLUMNS)
    grid = Image.new("RGB", (COLUMNS * (_TILE + _GAP) - _GAP, rows * (_TILE + _GAP) + _FOOT), "black")
    for number, index in enumerate(chosen):
        tile = _tile(folder / pictures[index].path, pictures[index], map_to_picture(maps[index], placements[index]))
        grid.paste(tile, (number % COLUMNS * (_TILE + _GAP), number // COLUMNS * (_TILE + _GAP)))
    ImageDraw.Draw(grid).text((4, rows * (_TILE + _GAP)), CREDIT, fill="white", font_size=11)
    grid.save(file, optimize=True)


def _tile(file: Path, picture: Picture, values: NDArray[np.float32]) -> Image.Image:
    grey = Image.fromarray(grey_read(file)).convert("RGBA")
    grey.alpha_composite(heat_map(normalised(values) * 0.8))
    for x0, y0, x1, y1 in picture.boxes:
        ImageDraw.Draw(grey).rectangle((x0, y0, x1 - 1, y1 - 1), outline="white", width=max(1, grey.width // _TILE))
    tile = Image.new("RGB", (_TILE, _TILE))
    grey.thumbnail((_TILE, _TILE))
    tile.paste(grey.convert("RGB"), ((_TILE - grey.width) // 2, (_TILE - grey.height) // 2))
    return tile
