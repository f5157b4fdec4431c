"""The operation "classify": predicts a label of the series, and compares it with the header's."""

from dataclasses import dataclass

import numpy as np

from ml.cascade.case_context import Course, Task
from ml.cascade.drawing import coarse, heat_map_png, normalised
from ml.cascade.operations.certainty import Spread, calibrated, spread_over
from ml.cascade.pathways.declaration import Step
from ml.cascade.prepare import map_to_picture
from ml.schemas import StageAnswer

#: Threshold of an answer if none was chosen on the validation split.
UNSURE = 0.5
#: Least probability with which the pixels contradict the header. Below it, a disagreement is only mentioned.
CONTRADICTS = 0.75


@dataclass(frozen=True)
class Vote:
    """The prediction from the pixels: labels with calibrated probabilities, best first, and the heat map."""

    ranked: list[tuple[str, float]]
    labels: list[str]
    spread: Spread
    threshold: float
    heat_map: str | None
    heat_map_slice: int

    @property
    def best(self) -> str:
        """The most probable label."""
        return self.ranked[0][0]

    @property
    def probability(self) -> float:
        """Its probability."""
        return self.ranked[0][1]

    def told(self, label: str) -> dict[str, object]:
        """Return the fields of a result with a label's probability and, if there is one, its range."""
        probability = dict(self.ranked).get(label, 0.0)
        return {"probability": probability, **self.spread.told(self.labels.index(label), probability)}

    @property
    def is_sure(self) -> bool:
        """Whether it reaches the threshold."""
        return self.probability >= self.threshold


def vote(task: Task) -> Vote:
    """Return a head's probabilities, averaged over the sampled slices, and write the best label's activation map."""
    row, head, course = task.network.row, task.step.stage.head, task.course
    indices = course.sample
    if task.step.stage.views:
        course.viewed(task.network, indices, task.step.stage.views)  # first, so that one call computes everything
    outputs, placements = course.sampled(task.network)
    each = calibrated(task, outputs[head])
    probabilities = each.mean(axis=0)
    order = np.argsort(-probabilities)
    labels = row.labels[head]
    middle = len(indices) // 2
    activation = normalised(outputs[f"{head}_map"][middle, order[0]])
    drawn = course.keep(
        f"{task.step.stage.name}.png",
        lambda path: heat_map_png(map_to_picture(activation, coarse(placements[middle])), path),
    )
    return Vote(
        ranked=[(labels[index], round(float(probabilities[index]), 4)) for index in order],
        labels=labels,
        spread=spread_over(task, indices, each),
        threshold=row.thresholds.get(head, UNSURE),
        heat_map=drawn,
        heat_map_slice=indices[middle],
    )


def run(task: Task) -> StageAnswer:
    """Settle a fact by the header if it states one, or else by the pixels if they reach the threshold."""
    seen = vote(task)
    stated = header_statement(task.step, task.course)
    said = {
        **seen.told(seen.best),
        "threshold": seen.threshold,
        "alternatives": seen.ranked[:4],
        "heat_map": seen.heat_map,
        "heat_map_slice": seen.heat_map_slice,
        "header_says": stated,
        "pixels_say": seen.best,
    }
    if stated is not None:
        return _by_header(task, seen, stated, said)
    if not seen.is_sure:
        title = task.course.cascade.label(str(task.step.stage.asks), seen.best).title
        return task.answer(
            **said,
            status="not_suitable",
            reason=(
                f"Not settled: {title} is the likeliest at {seen.probability:.0%}, "
                f"under the threshold of {seen.threshold:.0%}."
            ),
        )
    return _settled(task, seen, seen.best, said)


def header_statement(step: Step, course: Course) -> str | None:
    """Return the header's label for a stage's question; its own word if no label matches; None if it states nothing."""
    witness = step.stage.witness
    word = course.words.get(witness or "")
    if not word or word in course.cascade.silent.get(witness or "", []):
        return None
    for name, label in course.cascade.questions[str(step.stage.asks)].items():
        if word in label.header:
            return name
    return word


def _by_header(task: Task, seen: Vote, stated: str, said: dict[str, object]) -> StageAnswer:
    labels = task.course.cascade.questions[str(task.step.stage.asks)]
    if stated not in labels:
        known = ", ".join(label.title for label in labels.values())
        return task.answer(**said, status="not_suitable", reason=f"The header says {stated}; this step knows {known}.")
    if stated not in seen.labels:
        untaught = f"Followed the header; the network was not taught what a {labels[stated].title} looks like."
        return _settled(task, seen, stated, {**said, "probability": None, "reason": untaught})
    if seen.best == stated:
        return _settled(task, seen, stated, said)
    looks = f"the picture looks like {labels[seen.best].title} ({seen.probability:.0%})"
    if seen.probability < max(CONTRADICTS, seen.threshold):
        return _settled(
            task, seen, stated, {**said, "reason": f"Followed the header; {looks}, which is too unsure to count."}
        )
    reason = f"The header says {labels[stated].title}, {looks}. The header is followed; please check."
    task.course.contradictions.append(f"{task.step.stage.title}: {reason}")
    return _settled(task, seen, stated, {**said, "contradiction": True, "reason": reason})


def _settled(task: Task, seen: Vote, label: str, said: dict[str, object]) -> StageAnswer:
    stage = task.step.stage
    task.course.facts[str(stage.writes)] = label
    title = task.course.cascade.label(str(stage.asks), label).title
    told = seen.told(label) if label in seen.labels else {}
    return task.answer(**{**said, "label": label, "label_title": title, **told})
