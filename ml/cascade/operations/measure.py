"""The operation "measure": computes features of what an earlier stage detected, for a second opinion with reasons.

It is independent of the networks (see `ml.lab.radiomics`): outline, features, linear model. The opinion is stored with
the finding, and changes neither its urgency nor the results of other stages.
"""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from ml.cascade.boxes import ellipse_in
from ml.cascade.case_context import Candidate, Task
from ml.cascade.findings import MOST, code_of, lesions_joined
from ml.cascade.measurements.feature_descriptions import MEANINGS, title_of
from ml.cascade.measurements.feature_model import Decision, Reason
from ml.cascade.measurements.features import SHAPES, Mask, features_of
from ml.cascade.prepare import Placement, box_to_square, outline_to_square
from ml.cascade.runtime import Legible
from ml.schemas import OpinionAnswer, ReasonAnswer, StageAnswer

#: Number of reasons stated in the sentence; the finding contains all of them.
TOLD = 3
MEASURED = {"box": "an ellipse in the box", "network": "the outline"}


def run(task: Task) -> StageAnswer:
    """Add an opinion to every finding, from its clearest slice; the stage's result is that of the clearest finding."""
    shown = [lesion.clearest for lesion in lesions_joined(task.course.candidates)[:MOST]]
    asked = [one for one in shown if {one.stage, one.outlined_by} & set(task.step.stage.after)]
    if not asked:
        return task.answer(status="not_run", reason="Nothing was boxed, so there is nothing to measure.")
    decisions = [_decision(task, candidate) for candidate in asked]
    for candidate, decision in zip(asked, decisions, strict=True):
        candidate.opinions.append(_opinion(task, candidate, decision))
    first = asked[0].opinions[-1]
    return task.answer(
        label=first.label,
        label_title=first.label_title,
        probability=first.probability,
        threshold=first.threshold,
        alternatives=_ranked(decisions[0]),
        reason=_reason(first, len(asked)),
    )


def _opinion(task: Task, candidate: Candidate, decision: Decision) -> OpinionAnswer:
    labels = task.course.cascade.questions[str(task.step.stage.asks)]
    titles = {name: label.title for name, label in labels.items()}
    beside, disagrees = _beside(task, decision, titles)
    likeliest = titles.get(decision.likeliest, "")
    return OpinionAnswer(
        stage=task.step.stage.name,
        title=task.step.stage.title,
        model=task.network.row.name,
        version=task.network.row.version,
        label=decision.label,
        label_title=titles[decision.label] if decision.label else "Unsure" if likeliest else "Not measured",
        code=code_of(labels[decision.label]) if decision.label else None,
        likeliest=decision.likeliest or None,
        likeliest_title=likeliest,
        probability=round(decision.probability, 4) if likeliest else None,
        threshold=_threshold(task),
        reason=_abstains(task, decision, likeliest),
        why=_why(likeliest, titles.get(decision.rather_than, ""), decision.reasons),
        rather_than=titles.get(decision.rather_than, ""),
        base=decision.base,
        reasons=[_reason_answer(reason) for reason in decision.reasons],
        measured=f"{MEASURED[task.network.row.options['outline']]} on slice {candidate.slice + 1}",
        beside=beside,
        disagrees=disagrees,
        experimental=task.step.pathway.because,
    )


def _decision(task: Task, candidate: Candidate) -> Decision:
    assert isinstance(task.network, Legible)  # checked when the cascade was loaded: the model's kind is "measure"
    row, model = task.network.row, task.network.model
    (square,), (placement,) = task.course.squares([candidate.slice], row.size)
    grey = np.rint(square[0] * 255).astype(np.uint8)
    outline = _outline(candidate, placement, size=row.size, by_box=row.options["outline"] == "box")
    return model.decided(features_of(grey, outline, with_shape=not SHAPES.isdisjoint(model.names)))


def _outline(candidate: Candidate, placement: Placement, *, size: int, by_box: bool) -> Mask:
    """Return the mask to measure, in the model's square; empty if it should come from a segmenter that drew none."""
    if by_box:
        return ellipse_in(box_to_square(candidate.box, placement), size)
    if candidate.mask is None:
        return np.zeros((size, size), bool)
    return outline_to_square(candidate.mask.astype(np.uint8) * 255, placement, size=size)


def _threshold(task: Task) -> float:
    return task.network.row.thresholds[task.step.stage.head]


def _abstains(task: Task, decision: Decision, likeliest: str) -> str:
    """Return why there is no answer; "" if there is one."""
    if not likeliest:
        return "There is no outline that is large enough to be measured."
    if decision.is_far:
        return "It is unlike everything that was measured in the teaching pictures."
    if decision.label is None:
        sure, least = decision.probability, _threshold(task)
        return f"{likeliest} is the likeliest at {sure:.0%}, under the threshold of {least:.0%}."
    return ""


def _beside(task: Task, decision: Decision, titles: dict[str, str]) -> tuple[str, bool]:
    """Return a sentence comparing the opinion with that of the stage `beside`, and whether both answer and differ."""
    name = task.step.stage.beside
    other = next((stage for stage in task.course.stages if stage.name == name and stage.status == "done"), None)
    if other is None:
        return "", False
    if other.label is None:
        return f"{other.title} ({other.model}) is unsure.", False
    said = f"{other.title} ({other.model}) says {titles[other.label]}"
    if decision.label is None:
        return f"{said}.", False
    if decision.label == other.label:
        return f"{said} too.", False
    unknown = "" if other.label in decision.probabilities else ", an answer that the features do not have"
    sentence = f"The two disagree: {said}{unknown}; the features say {titles[decision.label]}."
    return f"{sentence} Please judge for yourself.", True


def _reason(opinion: OpinionAnswer, count: int) -> str:
    words = [opinion.reason, opinion.why, opinion.beside]
    if count > 1:
        words.append(f"This is the clearest of {count} areas; each has its own.")
    return " ".join(word for word in words if word)


def _why(label: str, other: str, reasons: Sequence[Reason]) -> str:
    """Return the main reasons: "Glioma rather than Meningioma: off centre +1.2, brightness -0.4."."""
    if not reasons:
        return ""
    told = ", ".join(f"{title_of(one.name).lower()} {one.contribution:+.1f}" for one in reasons[:TOLD])
    return f"{label} rather than {other}: {told}."


def _reason_answer(reason: Reason) -> ReasonAnswer:
    name = reason.name
    return ReasonAnswer(title=title_of(name), meaning=MEANINGS.get(name, ""), **asdict(reason))


def _ranked(decision: Decision) -> list[tuple[str, float]]:
    scores = decision.probabilities
    return sorted(((name, round(share, 4)) for name, share in scores.items()), key=lambda one: -one[1])
