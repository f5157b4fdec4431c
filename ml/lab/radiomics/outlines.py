"""Outlines that the shipped networks draw on the data's pictures: in drawn boxes, or in boxes that a detector finds."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ml.cascade.boxes import Box, area, best_boxes, ellipse_in
from ml.cascade.measurements.features import Features, Grey, Mask, features_of
from ml.cascade.operations.segment import parts_touched
from ml.cascade.prepare import box_to_picture, box_to_square
from ml.cascade.runtime import Network, served_on_cpu
from ml.cascade.weights import WeightsError, manifest_read
from ml.lab.data import Picture, squares_read
from ml.lab.evaluate.inference import detections_answered, masks_answered
from ml.lab.evaluate.report import WEIGHTS
from ml.lab.train.config import Config


@dataclass(frozen=True)
class Outliners:
    """The two networks that lead to an outline, and the label that they look for.

    With `by_box` the second is not asked: an ellipse in the box is taken for the outline.
    """

    finder: Network
    outliner: Network
    label: str
    by_box: bool


@dataclass(frozen=True, eq=False)
class Outlined:
    """Pictures with one lesion outlined on each.

    Attributes
    ----------
    squares
        (N, S, S), 0..255.
    masks
        (N, S, S); empty where no lesion was found.
    boxes
        In which each was outlined; None where there was none.
    """

    pictures: Sequence[Picture]
    squares: Grey
    masks: Mask
    boxes: Sequence[Box | None]

    def measured(self) -> list[Features | None]:
        """Measure every outline."""
        return [features_of(square, mask) for square, mask in zip(self.squares, self.masks, strict=True)]


def outliners_load(config: Config, weights: Path = WEIGHTS) -> Outliners:
    """Load the served networks that a configuration names.

    Raises
    ------
    ValueError
        If the outlining network has another input size than the configuration.
    WeightsError
        If one of them does not ship.
    """
    rows = manifest_read(weights)
    names = [str(config.options[name]) for name in ("finder", "outliner")]
    if missing := [name for name in names if name not in rows]:
        raise WeightsError(f"{config.key} needs the model {missing[0]}, which the manifest does not list.")
    finder, outliner = (served_on_cpu(rows[name], weights) for name in names)
    if outliner.row.size != config.size:
        raise ValueError(f"{config.key} measures squares of {config.size}, its outlines have {outliner.row.size}")
    return Outliners(finder, outliner, str(config.options["label"]), config.options.get("outline") == "box")


def outlined(networks: Outliners, folder: Path, pictures: Sequence[Picture], *, in_drawn_boxes: bool) -> Outlined:
    """Outline one lesion a picture, as the cascade does it.

    Parameters
    ----------
    in_drawn_boxes
        Where a person drew boxes, look in the largest of them; elsewhere, and otherwise, in the clearest box of the
        detector that reaches its threshold.
    """
    row = networks.outliner.row
    squares, placements = squares_read(folder, pictures, size=row.size)
    boxes: Sequence[Box | None] = _found(networks, folder, pictures)
    if in_drawn_boxes:
        boxes = [max(p.boxes, key=area) if p.boxes else found for p, found in zip(pictures, boxes, strict=True)]
    boxes = [box and box_to_square(box, place) for box, place in zip(boxes, placements, strict=True)]
    if networks.by_box:
        return Outlined(pictures, squares, np.stack([ellipse_in(box, row.size) for box in boxes]), boxes)
    sure = masks_answered(networks.outliner, squares) >= row.thresholds[networks.label]
    masks = [
        parts_touched(mask, box) if box is not None else np.zeros_like(mask)
        for mask, box in zip(sure, boxes, strict=True)
    ]
    return Outlined(pictures, squares, np.stack(masks), boxes)


def _found(networks: Outliners, folder: Path, pictures: Sequence[Picture]) -> list[Box | None]:
    """Return the clearest box of the detector, in pixels of the picture, as the cascade tells it."""
    row = networks.finder.row
    squares, placements = squares_read(folder, pictures, size=row.size)
    answers = detections_answered(networks.finder, squares)
    found = [best_boxes(answer, threshold=row.thresholds[networks.label]) for answer in answers]
    return [
        box_to_picture(boxes[0][0], placement) if boxes else None
        for boxes, placement in zip(found, placements, strict=True)
    ]
