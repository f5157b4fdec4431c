"""The operation "assess": answers a question about whole slices; some of its labels are findings, others descriptions.

A finding is reported if its probability reaches its own threshold, even if it is not the most probable label: such
thresholds are chosen for a stated sensitivity. A descriptive label must be the most probable one and reach its
threshold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ml.cascade.case_context import SAMPLE, Course, Suspicion, Task
from ml.cascade.drawing import coarse, heat_map_png, normalised
from ml.cascade.operations.certainty import Probabilities, calibrated, spread_over
from ml.cascade.operations.classify import UNSURE
from ml.cascade.pathways.declaration import Label, StageDeclaration
from ml.cascade.prepare import map_to_picture
from ml.schemas import StageAnswer


@dataclass(frozen=True)
class Look:
    """The probabilities from the slices.

    Attributes
    ----------
    indices
        The assessed slices.
    each
        Calibrated probabilities of each slice, (N, C).
    held
        The same, (N, C), reduced to what persists over as many neighbouring slices as the stage requires.
    whole
        Probabilities of the series by the stage's rule, (C,).
    decided
        The rows of `each` from which `whole` results.
    """

    indices: list[int]
    each: Probabilities
    held: Probabilities
    whole: Probabilities
    decided: list[int]


def run(task: Task) -> StageAnswer:
    """Return the answer to the stage's question for the series."""
    indices = slices_asked(task.step.stage, task.course)
    if not indices:
        return task.answer(status="not_run", reason="Nothing was boxed, so there is nothing to describe.")
    names = task.network.row.labels[task.step.stage.head]
    labels = task.course.cascade.questions[str(task.step.stage.asks)]
    findings = [index for index, name in enumerate(names) if labels[name].sentence]
    look = _look(task, indices, findings)
    reached = [index for index in findings if _reaches(task, look, index)]
    if reached:
        urgent = max(reached, key=lambda index: (labels[names[index]].urgency, look.whole[index]))
        return _found(task, look, urgent, labels[names[urgent]])
    if findings:
        return _nothing(task, look, max(findings, key=lambda index: look.whole[index]), labels)
    return _described(task, look, int(look.whole.argmax()), labels)


def slices_asked(stage: StageDeclaration, course: Course) -> list[int]:
    """Return the slices that a stage assesses: all, a sample, or those with the most probable boxes."""
    if stage.slices == "all":
        return list(range(len(course.slices)))
    if stage.slices == "sample":
        return course.sample
    boxed: dict[int, float] = {}
    for candidate in course.candidates:
        if candidate.stage in stage.after:
            boxed[candidate.slice] = max(boxed.get(candidate.slice, 0.0), candidate.probability)
    return sorted(sorted(boxed, key=lambda index: -boxed[index])[:SAMPLE])


def levelled(each: Probabilities, needed: int) -> Probabilities:
    """Return probabilities (N, C), reduced to what persists over `needed` neighbouring slices.

    A grey-scale opening along the slices (Serra 1982): the maximum, over all runs of that length that contain the
    slice, of the minimum in the run. A peak on a single slice is reduced to the level of its neighbours.
    """
    size = min(needed, len(each))
    return np.asarray(ndimage.grey_opening(each, size=(size, 1), mode="constant"), np.float32) if size > 1 else each


def _look(task: Task, indices: list[int], findings: Sequence[int]) -> Look:
    stage, course = task.step.stage, task.course
    each = calibrated(task, course.seen(task.network, indices)[0][stage.head])
    if stage.rule == "mean":
        return Look(indices, each, each, each.mean(axis=0), list(range(len(indices))))
    needed = stage.persist.slices_needed(count=len(indices), spacing_mm=course.spacing_mm) if stage.persist else 1
    held = levelled(each, needed)
    speaks = held[:, findings].sum(axis=1) if findings else held.max(axis=1)
    clearest = int(speaks.argmax())
    return Look(indices, each, held, held[clearest], [clearest])


def _threshold(task: Task, name: str) -> float:
    thresholds = task.network.row.thresholds
    return thresholds.get(name, thresholds.get(task.step.stage.head, UNSURE))


def _reaches(task: Task, look: Look, index: int) -> bool:
    name = task.network.row.labels[task.step.stage.head][index]
    has_own = name in task.network.row.thresholds
    return bool(look.whole[index] >= _threshold(task, name)) and (has_own or index == int(look.whole.argmax()))


def _found(task: Task, look: Look, index: int, label: Label) -> StageAnswer:
    stage = task.step.stage
    name = task.network.row.labels[stage.head][index]
    answer = _settled(task, name, label.title, _said(task, look, index))
    first, last = _extent(look, index, _threshold(task, name))
    task.course.suspicions.append(
        Suspicion(
            stage=stage.name,
            question=str(stage.asks),
            label=name,
            probability=float(look.whole[index]),
            slice=look.indices[_clearest(look, index)],
            first_slice=first,
            last_slice=last,
            heat_map=answer.heat_map,
        )
    )
    return answer


def _nothing(task: Task, look: Look, index: int, labels: Mapping[str, Label]) -> StageAnswer:
    """Return the result without a finding, stating the probability and threshold of the most probable one."""
    names = task.network.row.labels[task.step.stage.head]
    said, threshold = _said(task, look, index), _threshold(task, names[index])
    reason = f"{labels[names[index]].title}: {look.whole[index]:.0%}, under the threshold of {threshold:.0%}."
    return task.answer(**said, label_title="Nothing found", reason=reason)


def _described(task: Task, look: Look, index: int, labels: Mapping[str, Label]) -> StageAnswer:
    name = task.network.row.labels[task.step.stage.head][index]
    said, threshold = _said(task, look, index), _threshold(task, name)
    if look.whole[index] >= threshold:
        return _settled(task, name, labels[name].title, said)
    reason = (
        f"Unsure: {labels[name].title} is the likeliest at {look.whole[index]:.0%}, "
        f"under the threshold of {threshold:.0%}."
    )
    return task.answer(**said, label_title="Unsure", reason=reason)


def _settled(task: Task, name: str, title: str, said: Mapping[str, object]) -> StageAnswer:
    if task.step.stage.writes:
        task.course.facts[task.step.stage.writes] = name
    return task.answer(**said, label=name, label_title=title)


def _said(task: Task, look: Look, index: int) -> dict[str, object]:
    """Return the fields of a result for one label: probability, range, threshold, alternatives, heat map."""
    names = task.network.row.labels[task.step.stage.head]
    probability = round(float(look.whole[index]), 4)
    looked_at = [look.indices[row] for row in look.decided]
    order = np.argsort(-look.whole)[:4]
    return {
        "probability": probability,
        "threshold": _threshold(task, names[index]),
        "alternatives": [(names[other], round(float(look.whole[other]), 4)) for other in order],
        "heat_map": _heat_map(task, look, index),
        "heat_map_slice": look.indices[_clearest(look, index)],
        **spread_over(task, looked_at, look.each[look.decided]).told(index, probability),
    }


def _clearest(look: Look, index: int) -> int:
    """Return the row, among those that decided, with the highest probability of a label."""
    return max(look.decided, key=lambda row: look.each[row, index])


def _extent(look: Look, index: int, threshold: float) -> tuple[int, int]:
    """Return the first and last slice of the unbroken run, around the clearest slice, that reaches the threshold."""
    runs, _ = ndimage.label(look.held[:, index] >= threshold)
    clearest = _clearest(look, index)
    rows = np.flatnonzero(runs == runs[clearest]) if runs[clearest] else np.array([clearest])
    return look.indices[int(rows[0])], look.indices[int(rows[-1])]


def _heat_map(task: Task, look: Look, index: int) -> str | None:
    """Write the class activation map (Zhou et al. 2016) of the clearest slice, taken from the network's outputs."""
    stage, row = task.step.stage, _clearest(look, index)
    outputs, placements = task.course.seen(task.network, look.indices)
    activation = normalised(outputs[f"{stage.head}_map"][row, index])
    return task.course.keep(
        f"{stage.name}.png",
        lambda path: heat_map_png(map_to_picture(activation, coarse(placements[row])), path),
    )
