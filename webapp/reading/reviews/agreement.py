"""Agreement of two readers, and of a reader with the AI: kappa, overlap of boxes (IoU) and of outlines (Dice).

Masks are read once, when a read is finished; the overlaps are stored then.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from webapp.imaging.annotations.masks import Mask, MaskError
from webapp.imaging.dicom_objects.finding_annotations import Place, marks_of
from webapp.imaging.inference.models import Finding, Stage
from webapp.reading.reviews.models import Comparison, OutlineOverlap, Read
from webapp.reading.reviews.selectors import Accepted, masks_of
from webapp.reading.worklist.models import SiteSettings

Box = Sequence[float]
Word = TypeVar("Word", bound=Hashable)
Where = TypeVar("Where", bound=Hashable)
Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Tolerance:
    """The least overlap at which two readers marked the same: IoU of boxes, Dice of outlines."""

    iou: float
    dice: float

    @classmethod
    def of(cls, rules: SiteSettings) -> "Tolerance":
        """Return the tolerance of a site's rules."""
        return cls(rules.least_overlap, rules.least_dice)


@dataclass
class PairComparison:
    """Comparison of two readers.

    `answer_pairs` holds one pair of answers per finding, `finding_overlaps` those of `dices` that are of findings of
    the AI.
    """

    answer_pairs: list[tuple[bool, bool]] = field(default_factory=list)
    ious: list[float] = field(default_factory=list)
    dices: list[float] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    finding_overlaps: list[tuple[Finding, float]] = field(default_factory=list)

    def row(self) -> dict[str, object]:
        """Return the columns of a `Comparison`."""
        return {
            "both_present": self.answer_pairs.count((True, True)),
            "only_first": self.answer_pairs.count((True, False)),
            "only_second": self.answer_pairs.count((False, True)),
            "both_absent": self.answer_pairs.count((False, False)),
            "ious": [round(value, 4) for value in self.ious],
            "dices": [round(value, 4) for value in self.dices],
            "differences": self.differences,
        }


def compare_reads(
    *,
    findings: Sequence[Finding],
    accepted: tuple[Sequence[Accepted], Sequence[Accepted]],
    tolerance: Tolerance,
) -> PairComparison:
    """Compare two readers.

    Parameters
    ----------
    findings
        The findings that both reviewed.
    accepted
        What each of the two accepts.
    tolerance
        From which overlap on what both drew is the same.
    """
    counted = PairComparison()
    real = [{one.finding.pk: one for one in of_reader if one.finding} for of_reader in accepted]
    for number, finding in enumerate(findings, start=1):
        answers = (finding.pk in real[0], finding.pk in real[1])
        counted.answer_pairs.append(answers)
        name = f"Finding {number} ({finding.label_title})"
        if answers[0] != answers[1]:
            counted.differences.append(f"{name}: one calls it real, the other does not.")
        elif all(answers):
            _compare_one(name, real[0][finding.pk], real[1][finding.pk], tolerance, counted)
    firsts, seconds = ([one for one in of_reader if one.finding is None] for of_reader in accepted)
    _compare_missed(firsts, seconds, tolerance, counted)
    return counted


def iou(one: Box, other: Box) -> float:
    """Return the overlap of two boxes [x0, y0, x1, y1]: their common area over the area that either covers."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    common = max(width, 0.0) * max(height, 0.0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    union = sum(areas) - common
    return common / union if union > 0 else 0.0


def match_by_overlap(
    ones: Sequence[Thing], others: Sequence[Thing], overlap: Callable[[Thing, Thing], float]
) -> list[tuple[int, int, float]]:
    """Pair what two readers drew, the greatest overlap first; without overlap there is no pair.

    Returns
    -------
    list of tuple
        Number of the one, number of the other, and by how much they overlap.
    """
    by_overlap = sorted(
        ((i, j, overlap(one, other)) for i, one in enumerate(ones) for j, other in enumerate(others)),
        key=lambda pair: -pair[2],
    )
    pairs: list[tuple[int, int, float]] = []
    for i, j, common in by_overlap:
        if common > 0 and i not in {pair[0] for pair in pairs} and j not in {pair[1] for pair in pairs}:
            pairs.append((i, j, common))
    return pairs


def dice(one: Mapping[Where, Mask], other: Mapping[Where, Mask]) -> float:
    """Return the Dice coefficient of two outlines over all images.

    Dice, Measures of the amount of ecologic association between species, 1945. Where both hold nothing, that is 0 / 0:
    they agree that nothing lies there, so it is 1. Nothing against something is 0.
    """
    common = sum(int((mask & other[place]).sum()) for place, mask in one.items() if place in other)
    both = sum(int(mask.sum()) for masks in (one, other) for mask in masks.values())
    return 2 * common / both if both else 1.0


def kappa(comparisons: Sequence[Comparison]) -> float | None:
    """Return Cohen's kappa over several comparisons; None where chance alone explains the agreement."""
    cells = {
        (True, True): "both_present",
        (True, False): "only_first",
        (False, True): "only_second",
        (False, False): "both_absent",
    }
    return kappa_of({pair: sum(getattr(one, name) for one in comparisons) for pair, name in cells.items()})


def kappa_of(counts: Mapping[tuple[Word, Word], int]) -> float | None:
    """Return Cohen's kappa: agreement beyond chance; None where chance alone explains it.

    Cohen, A coefficient of agreement for nominal scales, 1960.

    Parameters
    ----------
    counts
        How often the first said one word and the second the other.
    """
    n = sum(counts.values())
    if not n:
        return None
    firsts: Counter[Word] = Counter()
    seconds: Counter[Word] = Counter()
    for (first, second), count in counts.items():
        firsts[first] += count
        seconds[second] += count
    seen = sum(count for (first, second), count in counts.items() if first == second) / n
    chance = sum(firsts[word] * seconds[word] for word in firsts) / n**2
    return (seen - chance) / (1 - chance) if chance < 1 else None


def _compare_one(name: str, one: Accepted, other: Accepted, tolerance: Tolerance, counted: PairComparison) -> None:
    """Compare two readers' versions of one finding."""
    if one.title.casefold() != other.title.casefold():
        counted.differences.append(f"{name}: one calls it {one.title}, the other {other.title}.")
    if one.is_nowhere or other.is_nowhere:
        counted.dices.append(float(one.is_nowhere and other.is_nowhere))
        if one.is_nowhere != other.is_nowhere:
            counted.differences.append(f"{name}: one marked nothing to outline, the other did not.")
        return
    if (one.outlines or other.outlines) and _compare_outlines(name, one, other, tolerance.dice, counted):
        return
    if one.is_on_cut or other.is_on_cut:
        counted.differences.append(f"{name}: one was marked on a reformat, so their places are not compared.")
        return
    if one.box is None or other.box is None:
        return
    overlap = _overlap(one, other) if one.mark and other.mark else iou(one.box, other.box)
    counted.ious.append(overlap)
    if overlap < tolerance.iou:
        counted.differences.append(f"{name}: their boxes overlap by {overlap:.0%}, less than {tolerance.iou:.0%}.")


def _compare_outlines(name: str, one: Accepted, other: Accepted, least: float, counted: PairComparison) -> bool:
    """Compare outlines (the AI's for a reader who left it unchanged); False where one of the two has none."""
    try:
        masks = [_masks(one), _masks(other)]
    except MaskError:
        counted.differences.append(f"{name}: an outline can no longer be read, so the two are not compared.")
        return True
    if not all(masks):
        return False
    overlap = dice(*masks)
    counted.dices.append(overlap)
    if one.finding:
        counted.finding_overlaps.append((one.finding, overlap))
    if overlap < least:
        counted.differences.append(f"{name}: their outlines overlap by {overlap:.0%} (Dice), less than {least:.0%}.")
    return True


def _masks(one: Accepted) -> Mapping[Place, Mask]:
    """Return a reader's masks by image; none where they drew a box instead."""
    return {} if one.is_marked else masks_of(one.finding, one.outlines)


def _compare_missed(
    firsts: list[Accepted], seconds: list[Accepted], tolerance: Tolerance, counted: PairComparison
) -> None:
    """Compare what each found that the AI missed, paired by overlap."""
    pairs = match_by_overlap(firsts, seconds, _overlap)
    for first, second, _common in pairs:
        one, other = firsts[first], seconds[second]
        counted.answer_pairs.append((True, True))
        _compare_one(f"{one.title}, missed by the AI", one, other, tolerance, counted)
    for is_first, own, at in ((True, firsts, 0), (False, seconds, 1)):
        for number, one in enumerate(own):
            if number not in {pair[at] for pair in pairs}:
                counted.answer_pairs.append((is_first, not is_first))
                counted.differences.append(f"{one.title}, missed by the AI: only one of the two has it.")


def _overlap(one: Accepted, other: Accepted) -> float:
    """Return the best overlap of two readers' boxes on one image; boxes on different images do not overlap."""
    ones, others = one.boxes, other.boxes
    return max((iou(box, others[place]) for place, box in ones.items() if place in others), default=0.0)


#: The model of a finding's outline, and its version.
ModelVersion = tuple[str, str]


def store_overlap_with_ai(read: Read, accepted: Iterable[Accepted]) -> None:
    """Store the overlap of a reader's accepted findings with the AI's outlines.

    Findings that the AI did not outline, boxes drawn instead of outlines, and lost outlines are left out.
    """
    rows = [
        OutlineOverlap(finding=one.finding, read=read, is_drawn=bool(one.outlines), dice=overlap)
        for one in accepted
        if one.finding and (overlap := _overlap_with_ai(one.finding, one)) is not None
    ]
    _store_overlaps(rows)


def store_overlap_between_readers(read: Read, other: Read, overlaps: Sequence[tuple[Finding, float]]) -> None:
    """Store the overlap of two readers' outlines of findings; at least one of the two was drawn."""
    _store_overlaps(
        [OutlineOverlap(finding=one, read=read, other=other, is_drawn=True, dice=value) for one, value in overlaps]
    )


def _overlap_with_ai(finding: Finding, one: Accepted) -> float | None:
    if not any(mark.mask for mark in marks_of(finding)) or one.is_marked:
        return None
    if not one.outlines:
        return 1.0
    try:
        return dice(masks_of(finding, ()), masks_of(finding, one.outlines))
    except MaskError:
        return None


def _store_overlaps(rows: Sequence[OutlineOverlap]) -> None:
    models = _outlining_models([row.finding for row in rows])
    for row in rows:
        row.model, row.version = models.get(row.finding_id, ("", ""))
        row.dice = round(row.dice, 4)
    OutlineOverlap.objects.bulk_create(rows)


def _outlining_models(findings: Sequence[Finding]) -> Mapping[int, ModelVersion]:
    """Return the model that outlined each finding; the one that found it, where no other is known."""
    stages = Stage.objects.filter(run__in={finding.run_id for finding in findings})
    by_stage = {
        (run, name): (model, version)
        for run, name, model, version in stages.values_list("run", "name", "model", "version")
    }
    named = {
        one.pk: by_stage.get((one.run_id, one.outlined_by)) or by_stage.get((one.run_id, one.stage)) for one in findings
    }
    return {number: model for number, model in named.items() if model}
