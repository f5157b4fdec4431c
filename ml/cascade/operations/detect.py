"""The operation "detect": detects boxes on every slice."""

import numpy as np
from numpy.typing import NDArray

from ml.cascade.boxes import best_boxes, score_map
from ml.cascade.case_context import Candidate, Course, Task
from ml.cascade.drawing import coarse, heat_map_png
from ml.cascade.findings import lesions_joined
from ml.cascade.prepare import box_to_picture, map_to_picture
from ml.cascade.runtime import BATCH
from ml.schemas import StageAnswer


def run(task: Task) -> StageAnswer:
    """Detect what the stage looks for on all slices of the series, in batches."""
    course, stage, row = task.course, task.step.stage, task.network.row
    label = str(stage.finds)
    threshold = row.thresholds[label]
    seen: list[Candidate] = []
    best, best_slice, best_answer = -1.0, 0, None
    for start in range(0, len(course.slices), BATCH):
        indices = list(range(start, min(start + BATCH, len(course.slices))))
        squares, placements = course.squares(indices, row.size)
        for index, placement, answer in zip(indices, placements, task.network.run(squares)["boxes"], strict=True):
            top = float(answer[4].max())
            if top > best:
                best, best_slice, best_answer = top, index, answer
            seen += [
                Candidate(index, label, stage.name, box_to_picture(box, placement), probability)
                for box, probability in best_boxes(answer, threshold=threshold)
            ]
    kept, dropped = series_rule(task, seen)
    course.candidates += kept
    found = bool(kept)
    none = None if seen else f"No box reaches the threshold on {counted(len(course.slices))}."
    return task.answer(
        label=label if found else None,
        label_title=course.cascade.label("finding", label).title if found else "Nothing found",
        probability=round(best, 4),
        threshold=threshold,
        reason=dropped or none,
        heat_map=_heat_map(course, stage.name, best_answer, best_slice, row.size),
        heat_map_slice=best_slice,
    )


def series_rule(task: Task, seen: list[Candidate]) -> tuple[list[Candidate], str | None]:
    """Return the boxes that count in a series, and a sentence about those left out (None if there are none).

    A threshold chosen on single images leads to false positives on many slices of a long series. Therefore, a lesion
    must be detected on as many slices as the stage's `persist` requires, and its clearest box must reach the manifest's
    `series_thresholds`, if there is one.
    """
    course, stage = task.course, task.step.stage
    if stage.persist is None or len(course.slices) <= stage.persist.above:
        return seen, None
    needed = stage.persist.slices_needed(count=len(course.slices), spacing_mm=course.spacing_mm)
    least = task.network.row.series_thresholds.get(str(stage.finds), 0.0)
    lesions = lesions_joined(seen)
    counted_in = [one for one in lesions if len(one.members) >= needed and one.clearest.probability >= least]
    kept = [candidate for lesion in counted_in for candidate in lesion.members]
    if len(counted_in) == len(lesions):
        return kept, None
    why = f"seen on fewer than {needed} slices" + (f" or under {least:.0%}" if least else "")
    return kept, f"{len(lesions) - len(counted_in)} of {len(lesions)} suspicions were left out: {why}."


def counted(slices: int) -> str:
    """Return "the picture" for a single slice, otherwise "175 slices"."""
    return "the picture" if slices == 1 else f"{slices} slices"


def _heat_map(course: Course, name: str, answer: NDArray[np.float32] | None, index: int, size: int) -> str | None:
    if answer is None:
        return None
    _, placements = course.squares([index], size)
    values = map_to_picture(score_map(answer, size=size), coarse(placements[0]))
    return course.keep(f"{name}.png", lambda path: heat_map_png(values, path))
