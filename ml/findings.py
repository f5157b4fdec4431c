"""Candidates on single slices joined into findings, in words for a clinician."""

from dataclasses import dataclass

import numpy as np

from ml.answer import FindingAnswer
from ml.boxes import Box, iou
from ml.course import Candidate, Course
from ml.drawing import heat_map_png, mask_png

#: Boxes on neighbouring slices that overlap at least this much are one lesion.
SAME_LESION = 0.2
#: A lesion may be missed on this many slices between two on which it was seen.
GAP = 2
#: Of many findings in one series, so many are told; the rest would bury them.
MOST = 20


@dataclass
class Lesion:
    """Candidates of one label that follow each other from slice to slice."""

    members: list[Candidate]

    def takes(self, candidate: Candidate) -> bool:
        """Say whether a candidate continues this lesion."""
        last = self.members[-1]
        near = 0 < candidate.slice - last.slice <= GAP + 1
        return near and last.label == candidate.label and iou(last.box, candidate.box) >= SAME_LESION

    @property
    def clearest(self) -> Candidate:
        """The most probable of its slices."""
        return max(self.members, key=lambda member: member.probability)


def lesions_joined(candidates: list[Candidate]) -> list[Lesion]:
    """Join candidates over neighbouring slices, the most probable lesion first."""
    lesions: list[Lesion] = []
    for candidate in sorted(candidates, key=lambda one: (one.slice, -one.probability)):
        for lesion in lesions:
            if lesion.takes(candidate):
                lesion.members.append(candidate)
                break
        else:
            lesions.append(Lesion([candidate]))
    return sorted(lesions, key=lambda lesion: -lesion.clearest.probability)


def findings_told(course: Course) -> list[FindingAnswer]:
    """Return what was found as findings, with their mask and heat map drawn."""
    lesions = lesions_joined(course.candidates)[:MOST]
    return [_finding(course, lesion, number) for number, lesion in enumerate(lesions, start=1)]


def _finding(course: Course, lesion: Lesion, number: int) -> FindingAnswer:
    shown = lesion.clearest
    label = course.cascade.label("finding", shown.label)
    mask, heat = shown.mask, shown.heat
    slices = [member.slice for member in lesion.members]
    return FindingAnswer(
        label=shown.label,
        label_title=label.title,
        probability=round(shown.probability, 4),
        slice=shown.slice,
        first_slice=min(slices),
        last_slice=max(slices),
        box=tuple(round(edge, 1) for edge in shown.box),  # type: ignore[arg-type]
        mask=course.keep(f"finding-{number}-mask.png", lambda path: mask_png(mask, path)) if mask is not None else None,
        heat_map=course.keep(f"finding-{number}-heat.png", lambda path: heat_map_png(heat, path))
        if heat is not None
        else None,
        stage=shown.stage,
        sentence=_sentence(course, lesion, label.sentence),
        urgency=label.urgency if shown.probability >= label.strong else max(0, label.urgency - 1),
    )


def _sentence(course: Course, lesion: Lesion, opening: str) -> str:
    shown = lesion.clearest
    rows, columns = course.slices[shown.slice].grey.shape
    width, height = shown.box[2] - shown.box[0], shown.box[3] - shown.box[1]
    words = [f"{opening}, {_place(shown.box, rows, columns)}, {width:.0f} x {height:.0f} pixels"]
    if shown.mask is not None:
        words.append(f"outlined area {int(np.count_nonzero(shown.mask)):,} pixels")
    if len(course.slices) > 1:
        first, last = lesion.members[0].slice + 1, lesion.members[-1].slice + 1
        words.append(f"slice {first}" if first == last else f"slices {first} to {last}, clearest on {shown.slice + 1}")
    return ", ".join(words) + "."


def _place(box: Box, rows: int, columns: int) -> str:
    """Say where in the picture a box lies; sides are the picture's, for the patient's need the orientation."""
    across = ("left", "middle", "right")[min(2, int((box[0] + box[2]) / 2 / columns * 3))]
    down = ("upper", "middle", "lower")[min(2, int((box[1] + box[3]) / 2 / rows * 3))]
    if across == down == "middle":
        return "in the middle of the picture"
    if across == "middle":
        return f"in the {down} part of the picture"
    return f"{down} {across} in the picture" if down != "middle" else f"on the {across} of the picture"
