"""The operation "segment": outlines what an earlier stage detected."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.cascade.boxes import Box
from ml.cascade.case_context import Candidate, Task
from ml.cascade.drawing import coarse
from ml.cascade.prepare import map_to_picture
from ml.cascade.runtime import BATCH
from ml.schemas import StageAnswer


def run(task: Task) -> StageAnswer:
    """Add a mask to each candidate of earlier stages with the stage's label, on their slices."""
    course, stage, row = task.course, task.step.stage, task.network.row
    label, threshold = str(stage.finds), row.thresholds[str(stage.finds)]
    boxed = [candidate for candidate in course.candidates if candidate.label == label]
    if not boxed:
        return task.answer(status="not_run", reason="Nothing was boxed, so there is nothing to outline.")
    indices = sorted({candidate.slice for candidate in boxed})
    best, outlined = 0.0, 0
    for start in range(0, len(indices), BATCH):
        batch = indices[start : start + BATCH]
        squares, placements = course.squares(batch, row.size)
        logits = task.network.run(squares)["mask"][:, 0]
        for index, placement, logit in zip(batch, placements, logits, strict=True):
            certain = _sigmoid(logit)
            probability, heat = map_to_picture(certain, placement), map_to_picture(certain, coarse(placement))
            for candidate in (one for one in boxed if one.slice == index):
                candidate.heat = heat
                certainty = _outline(candidate, probability, threshold)
                candidate.outlined_by = stage.name if candidate.mask is not None else None
                best, outlined = max(best, certainty), outlined + (candidate.mask is not None)
    return task.answer(
        label=label if outlined else None,
        label_title=f"{outlined} of {len(boxed)} outlined",
        probability=round(best, 4),
        threshold=threshold,
        reason=None if outlined else "No pixel in a box reaches the threshold: the box stands without an outline.",
    )


def _outline(candidate: Candidate, probability: NDArray[np.float32], threshold: float) -> float:
    """Set a candidate's mask to the components that its box touches; return their mean probability, 0 if none."""
    mask = parts_touched(probability >= threshold, candidate.box)
    if not mask.any():
        return 0.0
    candidate.mask = mask
    return float(probability[mask].mean())


def parts_touched(mask: NDArray[np.bool_], box: Box) -> NDArray[np.bool_]:
    """Return the connected components of a mask that a box touches, uncut; an empty mask if it touches none."""
    parts, _ = ndimage.label(mask)
    touched = np.unique(parts[_window(box)])
    return np.isin(parts, touched[touched > 0])


def _window(box: Box) -> tuple[slice, slice]:
    x0, y0, x1, y1 = box
    return slice(int(y0), max(int(np.ceil(y1)), int(y0) + 1)), slice(int(x0), max(int(np.ceil(x1)), int(x0) + 1))


def _sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), dtype=np.float32)
