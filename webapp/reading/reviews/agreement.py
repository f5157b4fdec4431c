"""Where two readers agree and where they differ."""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from webapp.imaging.annotations.masks import Mask, MaskError
from webapp.imaging.dicom_objects.finding_annotations import Place
from webapp.imaging.inference.models import Finding
from webapp.reading.reviews.models import Comparison
from webapp.reading.reviews.segmentation_selectors import masks_of
from webapp.reading.reviews.selectors import Accepted
from webapp.reading.worklist.models import SiteSettings

Box = Sequence[float]
Word = TypeVar("Word", bound=Hashable)
Where = TypeVar("Where", bound=Hashable)
Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Tolerance:
    """The least overlap of two that are the same: of boxes as IoU, of outlines as Dice."""

    iou: float
    dice: float

    @classmethod
    def of(cls, rules: SiteSettings) -> "Tolerance":
        """Return what the rules of a site allow."""
        return cls(rules.least_overlap, rules.least_dice)


@dataclass
class Counted:
    """Two readers beside each other.

    `sure` holds one pair of answers per thing that was asked about, `of_findings` those of `dices` that are about
    findings of the AI.
    """

    sure: list[tuple[bool, bool]] = field(default_factory=list)
    ious: list[float] = field(default_factory=list)
    dices: list[float] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    of_findings: list[tuple[Finding, float]] = field(default_factory=list)

    def row(self) -> dict[str, object]:
        """Return it as `Comparison` keeps it."""
        return {
            "both_present": self.sure.count((True, True)),
            "only_first": self.sure.count((True, False)),
            "only_second": self.sure.count((False, True)),
            "both_absent": self.sure.count((False, False)),
            "ious": [round(value, 4) for value in self.ious],
            "dices": [round(value, 4) for value in self.dices],
            "differences": self.differences,
        }


def compared(
    *,
    asked: Sequence[Finding],
    accepted: tuple[Sequence[Accepted], Sequence[Accepted]],
    tolerance: Tolerance,
) -> Counted:
    """Compare two readers.

    Parameters
    ----------
    asked
        The findings that both were asked about.
    accepted
        What each of the two takes for real.
    tolerance
        From which overlap on what both drew is the same.
    """
    counted = Counted()
    real = [{one.finding.pk: one for one in of_reader if one.finding} for of_reader in accepted]
    for number, finding in enumerate(asked, start=1):
        answers = (finding.pk in real[0], finding.pk in real[1])
        counted.sure.append(answers)
        name = f"Finding {number} ({finding.label_title})"
        if answers[0] != answers[1]:
            counted.differences.append(f"{name}: one calls it real, the other does not.")
        elif all(answers):
            _same(name, real[0][finding.pk], real[1][finding.pk], tolerance, counted)
    firsts, seconds = ([one for one in of_reader if one.finding is None] for of_reader in accepted)
    _added(firsts, seconds, tolerance, counted)
    return counted


def iou(one: Box, other: Box) -> float:
    """Return the overlap of two boxes [x0, y0, x1, y1]: their common area over the area that either covers."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    common = max(width, 0.0) * max(height, 0.0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    union = sum(areas) - common
    return common / union if union > 0 else 0.0


def paired(
    ones: Sequence[Thing], others: Sequence[Thing], overlap: Callable[[Thing, Thing], float]
) -> list[tuple[int, int, float]]:
    """Pair what two readers drew, the greatest overlap first; what overlaps by nothing stays alone.

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
    """Return the overlap of two outlines over all images: twice what is common over what both hold.

    Dice, Measures of the amount of ecologic association between species, 1945. Where both hold nothing, that is 0 / 0:
    they agree that nothing lies there, so it is 1. Nothing against something is 0.
    """
    common = sum(int((mask & other[place]).sum()) for place, mask in one.items() if place in other)
    both = sum(int(mask.sum()) for masks in (one, other) for mask in masks.values())
    return 2 * common / both if both else 1.0


def kappa(comparisons: Sequence[Comparison]) -> float | None:
    """Return how far readers agree beyond chance over all that they were asked; None where chance alone explains it."""
    cells = {
        (True, True): "both_present",
        (True, False): "only_first",
        (False, True): "only_second",
        (False, False): "both_absent",
    }
    return kappa_of({pair: sum(getattr(one, name) for one in comparisons) for pair, name in cells.items()})


def kappa_of(counts: Mapping[tuple[Word, Word], int]) -> float | None:
    """Return how far two readers agree beyond chance; None where chance alone explains it.

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


def _same(name: str, one: Accepted, other: Accepted, tolerance: Tolerance, counted: Counted) -> None:
    """Count two readers' forms of one thing."""
    if one.title.casefold() != other.title.casefold():
        counted.differences.append(f"{name}: one calls it {one.title}, the other {other.title}.")
    if one.is_nowhere or other.is_nowhere:
        counted.dices.append(float(one.is_nowhere and other.is_nowhere))
        if one.is_nowhere != other.is_nowhere:
            counted.differences.append(f"{name}: one marked nothing to outline, the other did not.")
        return
    if (one.outlines or other.outlines) and _outlines_compared(name, one, other, tolerance.dice, counted):
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


def _outlines_compared(name: str, one: Accepted, other: Accepted, least: float, counted: Counted) -> bool:
    """Compare outlines, that of the AI for a reader who let it stand; False where one of the two has none."""
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
        counted.of_findings.append((one.finding, overlap))
    if overlap < least:
        counted.differences.append(f"{name}: their outlines overlap by {overlap:.0%} (Dice), less than {least:.0%}.")
    return True


def _masks(one: Accepted) -> Mapping[Place, Mask]:
    """Return where somebody says that it lies; nothing where a box of theirs says so."""
    return {} if one.is_marked else masks_of(one.finding, one.outlines)


def _added(firsts: list[Accepted], seconds: list[Accepted], tolerance: Tolerance, counted: Counted) -> None:
    """Pair what each found that the AI missed, the best overlap first."""
    pairs = paired(firsts, seconds, _overlap)
    for first, second, _common in pairs:
        one, other = firsts[first], seconds[second]
        counted.sure.append((True, True))
        _same(f"{one.title}, missed by the AI", one, other, tolerance, counted)
    for is_first, own, at in ((True, firsts, 0), (False, seconds, 1)):
        for number, one in enumerate(own):
            if number not in {pair[at] for pair in pairs}:
                counted.sure.append((is_first, not is_first))
                counted.differences.append(f"{one.title}, missed by the AI: only one of the two has it.")


def _overlap(one: Accepted, other: Accepted) -> float:
    """Return the best overlap of the boxes of two on one image; marks on other images overlap by nothing."""
    ones, others = one.boxes, other.boxes
    return max((iou(box, others[place]) for place, box in ones.items() if place in others), default=0.0)
