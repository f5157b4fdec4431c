"""Agreement of the readers of a case, and their consensus (rules: `webapp.reading.reviews.agreement`)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from itertools import combinations

import numpy as np

from webapp.imaging.annotations.masks import Mask, MaskError, mask_read, store_mask
from webapp.reading.campaigns.models import Answer, Campaign, ConsensusRow
from webapp.reading.reviews.agreement import Box, Tolerance, dice, iou, kappa_of, match_by_overlap

By = ConsensusRow.By


class CaseStatus(StrEnum):
    """Status of a case."""

    OPEN = "awaiting readers"
    AGREED = "agreed"
    DIFFERS = "awaiting adjudication"
    DECIDED = "decided by a third"


@dataclass(frozen=True)
class CaseConsensus:
    """The status of a case with its answers.

    Attributes
    ----------
    answers
        The newest answer of each reader, in the order of their ids.
    adjudication
        The newest answer of an adjudicator; None where there is none.
    differences
        Sentences: what the readers differ in.
    ious, dices
        Overlap of each pair of boxes that two readers drew around the same, and of each pair of outlines.
    both_empty
        How many of these pairs of outlines are empty twice: two readers say that there is nothing to outline.
    """

    status: CaseStatus
    answers: Sequence[Answer] = ()
    adjudication: Answer | None = None
    differences: Sequence[str] = ()
    ious: Sequence[float] = ()
    dices: Sequence[float] = ()
    both_empty: int = 0

    @property
    def label(self) -> str:
        """The label of the consensus; "" where there is none, or where readers could not tell."""
        if self.status == CaseStatus.DECIDED and self.adjudication:
            return self.adjudication.label
        return self.answers[0].label if self.status == CaseStatus.AGREED else ""

    @property
    def boxes(self) -> list[list[float]]:
        """The boxes of the consensus: the adjudicator's, or the mean of the readers' matched boxes."""
        if self.status == CaseStatus.DECIDED and self.adjudication:
            return [list(box) for box in self.adjudication.box_list]
        return mean_boxes([one.box_list for one in self.answers]) if self.status == CaseStatus.AGREED else []

    @property
    def outlines(self) -> list[str]:
        """The outlines of the consensus, as sha256 of masks: the adjudicator's alone, else those of all who agree."""
        if self.status == CaseStatus.DECIDED and self.adjudication:
            accepted: Sequence[Answer] = [self.adjudication]
        else:
            accepted = self.answers if self.status == CaseStatus.AGREED else []
        return [one.outline for one in accepted if one.outline]

    @property
    def by(self) -> By:
        """Source of the label."""
        if self.status == CaseStatus.DECIDED:
            return By.ADJUDICATED
        return By.AGREED if len(self.answers) > 1 else By.ONE

    @property
    def shows_name(self) -> bool:
        """Whether anybody saw a name in the picture."""
        return any(one.shows_name for one in (*self.answers, *([self.adjudication] if self.adjudication else [])))


@dataclass
class Agreement:
    """Agreement over a campaign, pooled over all pairs of readers: labels, overlaps of boxes and outlines."""

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
        """Number of pairs of answers."""
        return self.pairs.total()

    @property
    def mean_iou(self) -> float | None:
        """Mean overlap (IoU) of matched boxes; None where there are none."""
        return _mean(self.ious)

    @property
    def mean_dice(self) -> float | None:
        """Mean Dice of outlines, 1 where both are empty; None where there are none."""
        return _mean(self.dices)


def evaluate_case(every_answer: Iterable[Answer], *, campaign: Campaign, tolerance: Tolerance) -> CaseConsensus:
    """Evaluate a case: status, consensus and differences.

    Parameters
    ----------
    every_answer
        All answers to the case, the oldest first.
    campaign
        The campaign, which states how many readers a case needs, and what they draw.
    tolerance
        From which overlap on boxes and outlines are the same.
    """
    newest = {(one.reader_id, one.is_adjudication): one for one in every_answer}
    answers = [
        one
        for (_reader, is_adjudication), one in sorted(newest.items(), key=lambda pair: pair[0])
        if not is_adjudication
    ]
    adjudication = max((one for one in newest.values() if one.is_adjudication), key=lambda one: one.pk, default=None)
    if len(answers) < campaign.readers_per_case:
        return CaseConsensus(CaseStatus.OPEN, answers)
    comparison = _PairComparison()
    for one, other in combinations(answers, 2):
        if one.label != other.label:
            comparison.differences.append(f"One says “{one.text}”, the other “{other.text}”.")
        elif campaign.asks_boxes:
            comparison.boxes(one.box_list, other.box_list, tolerance.iou)
        elif one.outline and other.outline:
            comparison.outlines(one, other, tolerance.dice)
    status = CaseStatus.DECIDED if adjudication else CaseStatus.DIFFERS if comparison.differences else CaseStatus.AGREED
    differences = tuple(dict.fromkeys(comparison.differences))
    return CaseConsensus(
        status,
        answers,
        adjudication,
        differences,
        tuple(comparison.ious),
        tuple(comparison.dices),
        comparison.both_empty,
    )


def agreement_of(cases: Iterable[CaseConsensus]) -> Agreement:
    """Pool all pairs of readers over all cases that are read."""
    agreement = Agreement()
    for consensus in cases:
        if consensus.status != CaseStatus.OPEN:
            agreement.pairs.update((one.text, other.text) for one, other in combinations(consensus.answers, 2))
            agreement.ious.extend(consensus.ious)
            agreement.dices.extend(consensus.dices)
            agreement.both_empty += consensus.both_empty
    return agreement


def mean_boxes(drawn: Sequence[Sequence[Box]]) -> list[list[float]]:
    """Return the mean of each box of the first reader with the matching boxes of the others."""
    if not drawn:
        return []
    over = [[list(box)] for box in drawn[0]]
    for others in drawn[1:]:
        for i, j, _overlap in match_by_overlap(drawn[0], others, iou):
            over[i].append(list(others[j]))
    return [[round(sum(edges) / len(edges), 1) for edges in zip(*boxes, strict=True)] for boxes in over]


@dataclass
class _PairComparison:
    """The comparison of the readers of a case, pair by pair."""

    differences: list[str] = field(default_factory=list)
    ious: list[float] = field(default_factory=list)
    dices: list[float] = field(default_factory=list)
    both_empty: int = 0

    def boxes(self, ones: Sequence[Box], others: Sequence[Box], least: float) -> None:
        """Compare two readers' boxes."""
        pairs = match_by_overlap(ones, others, iou)
        self.ious.extend(overlap for _i, _j, overlap in pairs)
        if unpaired := len(ones) + len(others) - 2 * len(pairs):
            self.differences.append(f"{unpaired} box{'' if unpaired == 1 else 'es'} that only one of the two drew.")
        self.differences.extend(
            f"Their boxes overlap by {overlap:.0%}, less than {least:.0%}."
            for _i, _j, overlap in pairs
            if overlap < least
        )

    def outlines(self, one: Answer, other: Answer, least: float) -> None:
        """Compare two outlines; an empty one against another is a difference at any tolerance."""
        if bool(one.outlined) != bool(other.outlined):
            self.dices.append(0.0)
            self.differences.append("One outlined something, the other marked nothing to outline.")
            return
        try:
            overlap = mask_dice(one.outline, other.outline)
        except MaskError:
            self.differences.append("An outline can no longer be read, so the two are not compared.")
            return
        self.dices.append(overlap)
        self.both_empty += not one.outlined
        if overlap < least:
            self.differences.append(f"Their outlines overlap by {overlap:.0%} (Dice), less than {least:.0%}.")


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


@lru_cache(maxsize=1 << 14)
def mask_dice(one: str, other: str) -> float:
    """Return the Dice of two stored masks of one picture, named by their sha256, so that it can be cached.

    Raises
    ------
    webapp.imaging.annotations.masks.MaskError
        If one of them is not where it was stored.
    """
    return dice({"picture": mask_read(one)}, {"picture": mask_read(other)})


def store_consensus(outlines: Sequence[str]) -> str:
    """Store the consensus of outlines, given by their sha256; return its sha256, "" where there are none.

    Raises
    ------
    webapp.imaging.annotations.masks.MaskError
        If one of them is not where it was stored.
    """
    if len(set(outlines)) <= 1:
        return next(iter(outlines), "")
    return store_mask(majority_mask([mask_read(one) for one in outlines]))


def majority_mask(masks: Sequence[Mask]) -> Mask:
    """Return the pixels that at least half of the readers outlined, shape (rows, columns) as each of the masks.

    Majority voting at 50 %, as the four readers of LIDC-IDRI (Armato et al., Med Phys 2011;38:915-931) are commonly
    joined. Of two readers, whose outlines overlap enough to agree, it is the union.
    """
    return np.asarray(2 * np.sum(masks, axis=0) >= len(masks), dtype=np.bool_)
