"""Drawn heads with one spot, and what a model of features says of each: what it hangs on, for its card.

The pictures that it was taught and tested with may not be handed on, so these are drawn: a grainy disc for a head, a
grainy spot in it. Each row changes one thing alone; where the answer changes along a row, that thing alone decides.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from ml.cascade.boxes import ellipse_in
from ml.cascade.measurements.feature_model import FeatureModel
from ml.cascade.measurements.features import Grey, features_of

SIDE, HEAD = 160, 66
_TILE, _FOOT, _GAP = 168, 40, 6
#: Grey values of the head, and how far their grain strays.
GREY, GRAIN = 92, 26
#: How many pixels wide the grain is (sigma).
SMOOTH = 1.2


@dataclass(frozen=True)
class Spot:
    """A drawn spot: pixels away from the head's middle, radius in pixels, mean grey value, how far its grain strays."""

    away: float = 28.0
    radius: float = 13.0
    grey: float = 120.0
    grain: float = 22.0


ROWS = (
    ("moved away from the middle", tuple(Spot(away=away) for away in (0.0, 14.0, 28.0, 42.0))),
    ("larger", tuple(Spot(radius=radius) for radius in (6.0, 11.0, 17.0, 24.0))),
    ("brighter", tuple(Spot(grey=grey) for grey in (70.0, 100.0, 130.0, 165.0))),
)


def spot_drawn(spot: Spot, *, seed: int = 0) -> Grey:
    """Draw a head with a spot, shape (SIDE, SIDE)."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    grain = ndimage.gaussian_filter(rng.normal(0, 1, (SIDE, SIDE)), SMOOTH)
    grain /= grain.std()
    head = np.hypot(rows, columns) <= HEAD
    inside = np.hypot(rows, columns - spot.away) <= spot.radius
    grey = np.where(inside, spot.grey + spot.grain * grain, GREY + GRAIN * grain)
    return np.where(head, np.clip(grey, 21, 255), 0).astype(np.uint8)


def said_of(model: FeatureModel, spot: Spot) -> str:
    """Say what a model makes of a drawn spot, in two lines."""
    middle, radius = SIDE / 2, spot.radius
    box = (middle + spot.away - radius, middle - radius, middle + spot.away + radius, middle + radius)
    decision = model.decided(features_of(spot_drawn(spot), ellipse_in(box, SIDE)))
    if not decision.reasons:
        return "not measured"
    word = decision.label or f"{'too unlike' if decision.is_far else 'unsure'}, {decision.likeliest}"
    first = decision.reasons[0]
    return f"{word} {decision.probability:.0%}\n{first.name.replace('_', ' ')} {first.contribution:+.1f}"


def spots_drawn(model: FeatureModel) -> Image.Image:
    """Draw all spots in a grid, a row a change, with the answer and its weightiest reason below each."""
    across, down = len(ROWS[0][1]), len(ROWS)
    grid = Image.new("RGB", (across * (_TILE + _GAP), down * (_TILE + _FOOT + _GAP)), "black")
    pen = ImageDraw.Draw(grid)
    for number, (changed, spots) in enumerate(ROWS):
        for column, spot in enumerate(spots):
            left, top = column * (_TILE + _GAP), number * (_TILE + _FOOT + _GAP)
            grid.paste(Image.fromarray(spot_drawn(spot)).resize((_TILE, _TILE)), (left, top))
            if column == 0:
                pen.text((left + 4, top + 2), changed, fill="white", font_size=12)
            pen.multiline_text((left + 4, top + _TILE + 2), said_of(model, spot), fill="white", font_size=12)
    return grid


def spots_kept(model: FeatureModel, key: str, weights: Path) -> None:
    """Write the grid among the example pictures."""
    file = weights / "pictures" / f"{key}-says-of-drawn-spots.png"
    file.parent.mkdir(exist_ok=True)
    spots_drawn(model).save(file, optimize=True)
