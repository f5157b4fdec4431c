"""Merges candidates on single slices into findings, and describes them for a clinician."""

from dataclasses import dataclass

import numpy as np

from ml.cascade.boxes import Box, iou
from ml.cascade.case_context import Candidate, Course, Suspicion
from ml.cascade.drawing import heat_map_png, mask_png
from ml.cascade.measurements.lesion import lesion_measured
from ml.cascade.measurements.stack import Stack
from ml.cascade.pathways.declaration import Label
from ml.schemas import CodeAnswer, FindingAnswer, MarkAnswer, MeasuresAnswer

#: Least IoU of boxes on neighbouring slices that belong to one lesion.
SAME_LESION = 0.2
#: Most consecutive slices on which a lesion may be missed between two on which it was detected.
GAP = 2
#: Most findings reported for one series; more would bury the important ones.
MOST = 20
#: Highest urgency of a finding from an experimental pathway.
EXPERIMENTAL_URGENCY = 1


@dataclass
class Lesion:
    """Candidates of one label on successive slices."""

    members: list[Candidate]

    def takes(self, candidate: Candidate) -> bool:
        """Return whether a candidate continues this lesion."""
        last = self.members[-1]
        near = 0 < candidate.slice - last.slice <= GAP + 1
        return near and last.label == candidate.label and iou(last.box, candidate.box) >= SAME_LESION

    @property
    def clearest(self) -> Candidate:
        """Its most probable candidate."""
        return max(self.members, key=lambda member: member.probability)


def lesions_joined(candidates: list[Candidate]) -> list[Lesion]:
    """Return the lesions into which candidates on neighbouring slices merge, the most probable first."""
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
    """Return the findings, the most urgent first, and write their masks and heat maps."""
    lesions = lesions_joined(course.candidates)[:MOST]
    boxed = [_boxed(course, lesion, number) for number, lesion in enumerate(lesions, start=1)]
    judged = [_judged(course, suspicion) for suspicion in course.suspicions]
    return sorted([*judged, *boxed], key=lambda finding: (-finding.urgency, -finding.probability))


def _boxed(course: Course, lesion: Lesion, number: int) -> FindingAnswer:
    shown = lesion.clearest
    label, experimental = course.cascade.label("finding", shown.label), _experimental(course, shown.stage)
    heat = shown.heat
    marks = [_mark(course, member, number) for member in lesion.members]
    clearest = next(mark for mark in marks if mark.slice == shown.slice)
    return FindingAnswer(
        label=shown.label,
        label_title=label.title,
        probability=round(shown.probability, 4),
        slice=shown.slice,
        first_slice=marks[0].slice,
        last_slice=marks[-1].slice,
        box=clearest.box,
        mask=clearest.mask,
        heat_map=course.keep(f"finding-{number}-heat.png", lambda path: heat_map_png(heat, path))
        if heat is not None
        else None,
        marks=marks,
        code=code_of(label),
        colour=label.colour,
        outlined_by=next((member.outlined_by for member in lesion.members if member.outlined_by), None),
        measures=_measures(course, lesion),
        opinions=shown.opinions,
        stage=shown.stage,
        sentence=_sentence(course, lesion, label.sentence),
        urgency=urgency_of(label, shown.probability, is_experimental=bool(experimental)),
        experimental=experimental,
    )


def _mark(course: Course, member: Candidate, number: int) -> MarkAnswer:
    """Return a finding's region on one slice, and write its mask."""
    mask = member.mask
    name = f"finding-{number}-slice-{member.slice + 1}-mask.png"
    return MarkAnswer(
        slice=member.slice,
        box=tuple(round(edge, 1) for edge in member.box),  # type: ignore[arg-type]
        mask=course.keep(name, lambda path: mask_png(mask, path)) if mask is not None else None,
    )


def _measures(course: Course, lesion: Lesion) -> MeasuresAnswer | None:
    """Return the measurements of a lesion, from its first to its last outlined slice; None if it has no mask."""
    masks = {member.slice: member.mask for member in lesion.members if member.mask is not None}
    slices = course.slices[min(masks) : max(masks) + 1] if masks else []
    if not slices or any(one.grey.shape != slices[0].grey.shape for one in slices):
        return None  # slices of different sizes do not form a stack
    empty = np.zeros_like(slices[0].grey, dtype=np.bool_)
    stacked = np.stack([masks.get(number, empty) for number in range(min(masks), max(masks) + 1)])
    return lesion_measured(Stack(stacked, np.stack([one.grey for one in slices]), [one.grid for one in slices]))


def code_of(label: Label) -> CodeAnswer:
    """Return the code of a label for other systems."""
    return CodeAnswer(value=label.code, scheme=label.scheme, meaning=label.meaning or label.title)


def _judged(course: Course, suspicion: Suspicion) -> FindingAnswer:
    """Return a finding on whole slices: it has no region, only a heat map."""
    label = course.cascade.label(suspicion.question, suspicion.label)
    experimental = _experimental(course, suspicion.stage)
    along = _along(course, suspicion.first_slice, suspicion.last_slice, suspicion.slice)
    what = "whole slices were judged" if len(course.slices) > 1 else "the whole picture was judged"
    return FindingAnswer(
        label=suspicion.label,
        label_title=label.title,
        probability=round(suspicion.probability, 4),
        slice=suspicion.slice,
        first_slice=suspicion.first_slice,
        last_slice=suspicion.last_slice,
        box=None,
        mask=None,
        heat_map=suspicion.heat_map,
        code=code_of(label),
        colour=label.colour,
        stage=suspicion.stage,
        sentence=", ".join([label.sentence, what, *along]) + ".",
        urgency=urgency_of(label, suspicion.probability, is_experimental=bool(experimental)),
        experimental=experimental,
    )


def urgency_of(label: Label, probability: float, *, is_experimental: bool) -> int:
    """Return the urgency, 0 to 3: one less if the suspicion is weak, and at most 1 if it is experimental."""
    urgency = label.urgency if probability >= label.strong else max(0, label.urgency - 1)
    return min(urgency, EXPERIMENTAL_URGENCY) if is_experimental else urgency


def _experimental(course: Course, stage: str) -> str:
    return next(step.pathway.because for step in course.cascade.steps if step.stage.name == stage)


def _along(course: Course, first: int, last: int, clearest: int) -> list[str]:
    """Return the phrase for the slices of a finding, in a list; an empty list for a single image."""
    if len(course.slices) == 1:
        return []
    return [f"slice {first + 1}" if first == last else f"slices {first + 1} to {last + 1}, clearest on {clearest + 1}"]


def _sentence(course: Course, lesion: Lesion, opening: str) -> str:
    shown = lesion.clearest
    rows, columns = course.slices[shown.slice].grey.shape
    width, height = shown.box[2] - shown.box[0], shown.box[3] - shown.box[1]
    words = [f"{opening}, {_place(shown.box, rows, columns)}, {width:.0f} x {height:.0f} pixels"]
    if shown.mask is not None:
        words.append(f"outlined area {int(np.count_nonzero(shown.mask)):,} pixels")
    words += _along(course, lesion.members[0].slice, lesion.members[-1].slice, shown.slice)
    return ", ".join(words) + "."


def _place(box: Box, rows: int, columns: int) -> str:
    """Return the position of a box in words; left and right are the image's, as the patient's need its orientation."""
    across = ("left", "middle", "right")[min(2, int((box[0] + box[2]) / 2 / columns * 3))]
    down = ("upper", "middle", "lower")[min(2, int((box[1] + box[3]) / 2 / rows * 3))]
    if across == down == "middle":
        return "in the middle of the picture"
    if across == "middle":
        return f"in the {down} part of the picture"
    return f"{down} {across} in the picture" if down != "middle" else f"on the {across} of the picture"
