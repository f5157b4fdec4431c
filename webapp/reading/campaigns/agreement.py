"""Where the readers of a case agree, and the consensus that is kept (rules: `webapp.reading.reviews.agreement`)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations

from webapp.imaging.annotations.masks import MaskError
from webapp.reading.campaigns.consensus_masks import overlap_of
from webapp.reading.campaigns.models import Answer, Campaign, ConsensusRow
from webapp.reading.reviews.agreement import Box, Tolerance, iou, kappa_of, match_by_overlap

By = ConsensusRow.By


class CaseStatus(StrEnum):
    """Where a case stands."""

    OPEN = "waits for readers"
    AGREED = "agreed"
    DIFFERS = "waits for a third"
    DECIDED = "decided by a third"


@dataclass(frozen=True)
class CaseConsensus:
    """A case and what was said of it.

    Attributes
    ----------
    answers
        The newest of each reader, in the order of the readers' numbers.
    third
        The newest of whoever decided; None where nobody did.
    differences
        Sentences: what the readers differ in.
    ious, dices
        Overlap of each pair of boxes that two readers drew around the same, and of each pair of outlines.
    both_empty
        How many of these pairs of outlines are empty twice: two readers say that there is nothing to outline.
    """

    stand: CaseStatus
    answers: Sequence[Answer] = ()
    third: Answer | None = None
    differences: Sequence[str] = ()
    ious: Sequence[float] = ()
    dices: Sequence[float] = ()
    both_empty: int = 0

    @property
    def label(self) -> str:
        """What is kept; "" where nothing is, or where it cannot be told."""
        if self.stand == CaseStatus.DECIDED and self.third:
            return self.third.label
        return self.answers[0].label if self.stand == CaseStatus.AGREED else ""

    @property
    def boxes(self) -> list[list[float]]:
        """Where it is: the third's boxes, or the middle of those that lie over each other."""
        if self.stand == CaseStatus.DECIDED and self.third:
            return [list(box) for box in self.third.box_list]
        return mean_boxes([one.box_list for one in self.answers]) if self.stand == CaseStatus.AGREED else []

    @property
    def outlines(self) -> list[str]:
        """Where it is, as sha256 of masks: the third's alone where one decided, else those of all who agree."""
        if self.stand == CaseStatus.DECIDED and self.third:
            kept: Sequence[Answer] = [self.third]
        else:
            kept = self.answers if self.stand == CaseStatus.AGREED else []
        return [one.outline for one in kept if one.outline]

    @property
    def by(self) -> By:
        """Who the label is from."""
        if self.stand == CaseStatus.DECIDED:
            return By.ADJUDICATED
        return By.AGREED if len(self.answers) > 1 else By.ONE

    @property
    def shows_name(self) -> bool:
        """Whether anybody saw a name in the picture."""
        return any(one.shows_name for one in (*self.answers, *([self.third] if self.third else [])))


@dataclass
class Agreement:
    """How far readers agree over a campaign, all of them together: pairs of labels, overlaps of boxes and outlines."""

    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    ious: list[float] = field(default_factory=list)
    dices: list[float] = field(default_factory=list)
    both_empty: int = 0

    @property
    def kappa(self) -> float | None:
        """Cohen's kappa over all pairs of answers; None where chance alone explains them."""
        return kappa_of(self.pairs)

    @property
    def n_pairs(self) -> int:
        """How many pairs of answers that is."""
        return self.pairs.total()

    @property
    def mean_iou(self) -> float | None:
        """Mean overlap of boxes that two drew around the same; None where there are none."""
        return _mean(self.ious)

    @property
    def mean_dice(self) -> float | None:
        """Mean Dice of outlines, where both say that nothing is to be outlined 1; None where there are none."""
        return _mean(self.dices)


def evaluate_case(said: Iterable[Answer], *, campaign: Campaign, tolerance: Tolerance) -> CaseConsensus:
    """Say where a case stands.

    Parameters
    ----------
    said
        Every answer to it, the oldest first.
    campaign
        Says how many readers it needs, and what they draw.
    tolerance
        From which overlap on boxes and outlines are the same.
    """
    newest = {(one.reader_id, one.is_third): one for one in said}
    answers = [one for (_reader, is_third), one in sorted(newest.items(), key=lambda pair: pair[0]) if not is_third]
    third = max((one for one in newest.values() if one.is_third), key=lambda one: one.pk, default=None)
    if len(answers) < campaign.readers_per_case:
        return CaseConsensus(CaseStatus.OPEN, answers)
    seen = _Compared()
    for one, other in combinations(answers, 2):
        if one.label != other.label:
            seen.differences.append(f"One says “{one.told}”, the other “{other.told}”.")
        elif campaign.asks_boxes:
            seen.boxes(one.box_list, other.box_list, tolerance.iou)
        elif one.outline and other.outline:
            seen.outlines(one, other, tolerance.dice)
    stand = CaseStatus.DECIDED if third else CaseStatus.DIFFERS if seen.differences else CaseStatus.AGREED
    differences = tuple(dict.fromkeys(seen.differences))
    return CaseConsensus(stand, answers, third, differences, tuple(seen.ious), tuple(seen.dices), seen.both_empty)


def agreement_of(standings: Iterable[CaseConsensus]) -> Agreement:
    """Count all pairs of readers of all cases that are read."""
    counted = Agreement()
    for standing in standings:
        if standing.stand != CaseStatus.OPEN:
            counted.pairs.update((one.told, other.told) for one, other in combinations(standing.answers, 2))
            counted.ious.extend(standing.ious)
            counted.dices.extend(standing.dices)
            counted.both_empty += standing.both_empty
    return counted


def mean_boxes(drawn: Sequence[Sequence[Box]]) -> list[list[float]]:
    """Return for each box of the first reader the mean of it and of those that the others drew over it."""
    if not drawn:
        return []
    over = [[list(box)] for box in drawn[0]]
    for others in drawn[1:]:
        for i, j, _overlap in match_by_overlap(drawn[0], others, iou):
            over[i].append(list(others[j]))
    return [[round(sum(edges) / len(edges), 1) for edges in zip(*boxes, strict=True)] for boxes in over]


@dataclass
class _Compared:
    """What came of comparing the readers of a case two by two."""

    differences: list[str] = field(default_factory=list)
    ious: list[float] = field(default_factory=list)
    dices: list[float] = field(default_factory=list)
    both_empty: int = 0

    def boxes(self, ones: Sequence[Box], others: Sequence[Box], least: float) -> None:
        """Compare what two drew boxes around."""
        pairs = match_by_overlap(ones, others, iou)
        self.ious.extend(overlap for _i, _j, overlap in pairs)
        if single_instance := len(ones) + len(others) - 2 * len(pairs):
            self.differences.append(
                f"{single_instance} box{'' if single_instance == 1 else 'es'} that only one of the two drew."
            )
        self.differences.extend(
            f"Their boxes overlap by {overlap:.0%}, less than {least:.0%}."
            for _i, _j, overlap in pairs
            if overlap < least
        )

    def outlines(self, one: Answer, other: Answer, least: float) -> None:
        """Compare two outlines; nothing against something is a difference, however low the bar is."""
        if bool(one.outlined) != bool(other.outlined):
            self.dices.append(0.0)
            self.differences.append("One outlines something, the other says that there is nothing to outline.")
            return
        try:
            overlap = overlap_of(one.outline, other.outline)
        except MaskError:
            self.differences.append("An outline cannot be read any more, so the two are not compared.")
            return
        self.dices.append(overlap)
        self.both_empty += not one.outlined
        if overlap < least:
            self.differences.append(f"Their outlines overlap by {overlap:.0%} (Dice), less than {least:.0%}.")


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
