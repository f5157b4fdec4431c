"""Is this a medical image of a kind that the models know? If not, nothing after it is asked."""

import numpy as np

from ml.answer import StageAnswer
from ml.course import Course, Task
from ml.operations.classify import vote

#: A picture without a header that is in colour over more than this share of its area is a photograph or a
#: drawing: colour Doppler colours a part of the fan only.
COLOUR_SHARE = 0.35


def run(task: Task) -> StageAnswer:
    """Let medical images pass. A header that states a known modality is followed, and a doubt is shown."""
    course, seen = task.course, vote(task)
    medical = dict(seen.ranked).get("medical", 0.0)
    said = {
        "probability": medical,
        "threshold": seen.threshold,
        "alternatives": seen.ranked,
        "heat_map": seen.heat_map,
        "heat_map_slice": seen.heat_map_slice,
        "pixels_say": "medical" if medical >= seen.threshold else "other",
        "header_says": "medical" if _header_vouches(course) else None,
    }
    passed = {"label": "medical", "label_title": "Yes"}
    colour = float(np.mean([course.slices[index].colour_share for index in course.sample]))
    doubt = _doubt(medical, seen.threshold, colour)
    if doubt is None:
        course.facts["scope"] = "medical"
        return task.answer(**said, **passed)
    if _header_vouches(course):
        course.facts["scope"] = "medical"
        reason = f"The header says {course.words['modality']}, but {doubt}. The header is followed; please check."
        course.contradictions.append(f"{task.step.stage.title}: {reason}")
        return task.answer(**said, **passed, contradiction=True, reason=reason)
    reason = f"{doubt[0].upper()}{doubt[1:]}."
    return task.answer(**said, status="not_suitable", label="other", label_title="No", reason=reason)


def _header_vouches(course: Course) -> bool:
    word = course.words.get("modality")
    return any(word in label.header for label in course.cascade.questions["modality"].values())


def _doubt(medical: float, threshold: float, colour: float) -> str | None:
    if medical < threshold:
        return (
            f"the picture does not look like a medical image of a kind that the models know "
            f"({medical:.0%}, threshold {threshold:.0%})"
        )
    if colour > COLOUR_SHARE:
        return f"{colour:.0%} of the picture is in colour, as in a photograph or a drawing"
    return None
