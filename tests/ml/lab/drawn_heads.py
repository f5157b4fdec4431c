"""A drawn head with spots at known places, and a model of features whose numbers one can follow in the mind."""

from pathlib import Path

import numpy as np

from ml.cascade.measurements.feature_model import FeatureModel
from ml.cascade.weights import ModelRow
from ml.dicomio.series import SlicePicture
from tests.ml.lab.known import CASCADE

ROWS, COLUMNS, HEAD = 96, 128, 44
#: The head's middle, (x, y) in pixels.
MIDDLE = (64, 48)
RADIUS = 9

#: Near the middle of the head it says pituitary, far from it meningioma; never surely glioma.
PLACE = FeatureModel(
    labels=("glioma", "meningioma", "pituitary"),
    names=("off_centre", "relative_area"),
    means=(0.2, 0.04),
    scales=(0.1, 0.04),
    coefficients=((-1.0, 0.0), (3.0, 0.5), (-3.0, -0.5)),
    intercepts=(-1.0, 0.2, 0.0),
    threshold=0.8,
)


class KnownFeatures:
    """A loaded model to measure, with numbers of the test's own."""

    def __init__(self, model: FeatureModel = PLACE, *, outline: str = "box") -> None:
        points = {"thresholds": {"tumour_kind": model.threshold}, "options": {"outline": outline}}
        self.row: ModelRow = CASCADE.models["tumour-kind-boxes"].model_copy(update=points)
        self.model = model

    def run(self, batch: np.ndarray) -> dict[str, np.ndarray]:
        """Not asked: a measuring stage weighs features by the model itself."""
        raise AssertionError(batch.shape)


def spot_at(*away: int) -> tuple[float, float, float, float]:
    """Return the box of a spot so many pixels right of the head's middle, and below it."""
    across, down = (*away, 0)[:2]
    x, y = MIDDLE[0] + across, MIDDLE[1] + down
    return x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS


def head_with(*boxes: tuple[float, float, float, float], number: int = 0) -> SlicePicture:
    """Draw a grey head on black with a bright disc in each box."""
    rows, columns = np.mgrid[:ROWS, :COLUMNS] + 0.5
    grey = np.where(np.hypot(columns - MIDDLE[0], rows - MIDDLE[1]) <= HEAD, 80, 0)
    for x0, y0, x1, y1 in boxes:
        grey[np.hypot(columns - (x0 + x1) / 2, rows - (y0 + y1) / 2) <= (x1 - x0) / 2] = 230
    return SlicePicture(Path(f"slice-{number}"), 0, grey.astype(np.uint8), 0.0)
