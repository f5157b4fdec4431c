"""A grid of example maps with the drawn boxes; without the pictures, which may be used but not be handed on."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ml.cascade.drawing import heat_map, normalised
from ml.cascade.prepare import Placement, map_to_picture
from ml.lab.data import Picture

CAPTION = "The network's map of twelve test pictures, the drawn box in white; the pictures themselves are not shown."
COLUMNS, EXAMPLES = 4, 12
_TILE, _GAP = 180, 4
_GROUND = (40, 44, 52, 255)  # of the picture's own area, so that its edge is seen


def grid_drawn(
    pictures: Sequence[Picture], placements: Sequence[Placement], maps: NDArray[np.float32], file: Path
) -> None:
    """Write up to twelve maps with their boxes, spread evenly over the pictures, so that nobody picked the good ones.

    Parameters
    ----------
    maps
        Shape (N, h, w), over the square input of each of the pictures.
    """
    chosen = np.unique(np.linspace(0, len(pictures) - 1, EXAMPLES).round().astype(int))
    rows = -(-len(chosen) // COLUMNS)
    grid = Image.new("RGB", (COLUMNS * (_TILE + _GAP) - _GAP, rows * (_TILE + _GAP) - _GAP), "black")
    for number, index in enumerate(chosen):
        tile = _tile(pictures[index], map_to_picture(maps[index], placements[index]))
        grid.paste(tile, (number % COLUMNS * (_TILE + _GAP), number // COLUMNS * (_TILE + _GAP)))
    grid.save(file, optimize=True)


def _tile(picture: Picture, values: NDArray[np.float32]) -> Image.Image:
    rows, columns = values.shape
    drawn = Image.new("RGBA", (columns, rows), _GROUND)
    drawn.alpha_composite(heat_map(normalised(values) * 0.8))
    for x0, y0, x1, y1 in picture.boxes:
        ImageDraw.Draw(drawn).rectangle((x0, y0, x1 - 1, y1 - 1), outline="white", width=max(1, columns // _TILE))
    tile = Image.new("RGB", (_TILE, _TILE))
    drawn.thumbnail((_TILE, _TILE))
    tile.paste(drawn.convert("RGB"), ((_TILE - drawn.width) // 2, (_TILE - drawn.height) // 2))
    return tile
