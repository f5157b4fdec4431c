"""The operation "gate": rejects images unlike anything that the models were trained on; no later stage runs on them.

Three criteria must be met: the network's scope head, the distance of its features from the training images (if the
model has a gate, see `ml.lab.ood`), and the fraction of coloured pixels.
"""

from dataclasses import dataclass

import numpy as np

from ml.cascade.case_context import Course, Task
from ml.cascade.operations.classify import vote
from ml.cascade.runtime import Gated
from ml.schemas import StageAnswer

#: An image with a larger fraction of coloured pixels is considered a photograph or a drawing; colour Doppler colours
#: only a part of the fan.
COLOUR_SHARE = 0.35


@dataclass(frozen=True)
class Doubt:
    """A reason to doubt that the models know this kind of image.

    Attributes
    ----------
    contradicts
        Whether it contradicts a header that states a modality. Distance alone does not: a body part or scanner that is
        not in the training data is far away, and the header may still be right.
    """

    sentence: str
    contradicts: bool = True


def run(task: Task) -> StageAnswer:
    """Let medical images pass, and those whose header states a known modality, with any doubts shown."""
    course, seen = task.course, vote(task)
    medical = dict(seen.ranked).get("medical", 0.0)
    doubts = _doubts(task, medical, seen.threshold)
    vouched = _header_vouches(course)
    said = {
        **seen.told("medical"),
        "threshold": seen.threshold,
        "alternatives": seen.ranked,
        "heat_map": seen.heat_map,
        "heat_map_slice": seen.heat_map_slice,
        "pixels_say": "other" if doubts else "medical",
        "header_says": "medical" if vouched else None,
    }
    passed = {"label": "medical", "label_title": "Yes"}
    if not doubts:
        course.facts["scope"] = "medical"
        return task.answer(**said, **passed)
    sentence = "; ".join(doubt.sentence for doubt in doubts)
    if not vouched:
        reason = f"{sentence[0].upper()}{sentence[1:]}."
        return task.answer(**said, status="not_suitable", label="other", label_title="No", reason=reason)
    course.facts["scope"] = "medical"
    contradiction = any(doubt.contradicts for doubt in doubts)
    reason = f"The header says {course.words['modality']}, but {sentence}. The header is followed; please check."
    if contradiction:
        course.contradictions.append(f"{task.step.stage.title}: {reason}")
    return task.answer(**said, **passed, contradiction=contradiction, reason=reason)


def _header_vouches(course: Course) -> bool:
    word = course.words.get("modality")
    return any(word in label.header for label in course.cascade.questions["modality"].values())


def _doubts(task: Task, medical: float, threshold: float) -> list[Doubt]:
    course = task.course
    colour = float(np.mean([course.slices[index].colour_share for index in course.sample]))
    found = []
    if medical < threshold:
        found.append(
            Doubt(
                f"the picture does not look like a medical image of a kind that the models know "
                f"({medical:.0%}, threshold {threshold:.0%})"
            )
        )
    if far := _far(task):
        found.append(Doubt(far, contradicts=False))
    if colour > COLOUR_SHARE:
        found.append(Doubt(f"{colour:.0%} of the picture is in colour, as in a photograph or a drawing"))
    return found


def _far(task: Task) -> str | None:
    """Return a phrase about the distance of the sampled slices from the training images; None if they are near enough.

    None, too, if the model has no gate.
    """
    gate = task.network.gate if isinstance(task.network, Gated) else None
    if gate is None:
        return None
    outputs, _ = task.course.sampled(task.network)
    # The median: one unusual slice neither rejects nor admits a series.
    distance = float(np.median(gate.score(outputs["features"])))
    if distance <= gate.threshold:
        return None
    return (
        f"it is unlike everything that the models learnt from: farther away than {gate.share_nearer(distance):.0%} of "
        f"known pictures (limit {gate.share_nearer(gate.threshold):.0%})"
    )
