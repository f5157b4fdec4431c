"""Where two readers agree and where they differ."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from webapp.marks.masks import Mask, MaskError
from webapp.results.marked import Place
from webapp.runs.models import Finding
from webapp.verdicts.models import Comparison
from webapp.verdicts.outlined import masks_of
from webapp.verdicts.selectors import Accepted

Box = Sequence[float]
Word = TypeVar("Word", bound=Hashable)


@dataclass(frozen=True)
class Tolerance:
    """The least overlap of two that are the same: of boxes as IoU, of outlines as Dice."""

    iou: float
    dice: float


@dataclass
class Counted:
    """Two readers beside each other; `sure` holds one pair of answers per thing that was asked about."""

    sure: list[tuple[bool, bool]] = field(default_factory=list)
    ious: list[float] = field(default_factory=list)
    dices: list[float] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)

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


def dice(one: Mapping[Place, Mask], other: Mapping[Place, Mask]) -> float:
    """Return the overlap of two outlines over all images: twice what is common over what both hold.

    Dice, Measures of the amount of ecologic association between species, 1945.
    """
    common = sum(int((mask & other[place]).sum()) for place, mask in one.items() if place in other)
    both = sum(int(mask.sum()) for masks in (one, other) for mask in masks.values())
    return 2 * common / both if both else 0.0


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
    if (one.outlines or other.outlines) and _outlines_compared(name, one, other, tolerance.dice, counted):
        return
    if one.is_on_cut or other.is_on_cut:
        counted.differences.append(f"{name}: one was marked on a reformat, so their places are not compared.")
        return
    if one.box is None or other.box is None:
        return
    is_elsewhere = bool(one.mark and other.mark) and _place(one) != _place(other)
    overlap = 0.0 if is_elsewhere else iou(one.box, other.box)
    counted.ious.append(overlap)
    if overlap < tolerance.iou:
        counted.differences.append(f"{name}: their boxes overlap by {overlap:.0%}, less than {tolerance.iou:.0%}.")


def _outlines_compared(name: str, one: Accepted, other: Accepted, least: float, counted: Counted) -> bool:
    """Compare outlines, that of the AI for a reader who let it stand; False where one of the two has none."""
    try:
        masks = [_masks(one), _masks(other)]
    except MaskError:
        counted.differences.append(f"{name}: an outline cannot be read any more, so the two are not compared.")
        return True
    if not all(masks):
        return False
    overlap = dice(*masks)
    counted.dices.append(overlap)
    if overlap < least:
        counted.differences.append(f"{name}: their outlines overlap by {overlap:.0%} (Dice), less than {least:.0%}.")
    return True


def _masks(one: Accepted) -> Mapping[Place, Mask]:
    """Return where somebody says that it lies; nothing where a box of theirs says so."""
    return {} if one.mark and not one.outlines else masks_of(one.finding, one.outlines)


def _added(firsts: list[Accepted], seconds: list[Accepted], tolerance: Tolerance, counted: Counted) -> None:
    """Pair what each found that the AI missed, the best overlap first."""
    pairs = sorted(
        ((iou(one.box or [0] * 4, other.box or [0] * 4), one, other)
         for one in firsts for other in seconds if _place(one) == _place(other)),
        key=lambda pair: -pair[0],
    )  # fmt: skip
    left = [list(firsts), list(seconds)]
    for overlap, one, other in pairs:
        if overlap > 0 and one in left[0] and other in left[1]:
            left[0].remove(one)
            left[1].remove(other)
            counted.sure.append((True, True))
            _same(f"{one.title}, missed by the AI", one, other, tolerance, counted)
    for is_first, lonely in ((True, left[0]), (False, left[1])):
        for one in lonely:
            counted.sure.append((is_first, not is_first))
            counted.differences.append(f"{one.title}, missed by the AI: only one of the two has it.")


def _place(one: Accepted) -> tuple[object, int] | None:
    return one.mark.mark.place if one.mark and not one.is_on_cut else None
