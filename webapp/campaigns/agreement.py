"""Where the readers of a case agree, and what is kept of it: by the rules of two reads, `webapp.verdicts.comparing`."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations

from webapp.campaigns.models import Answer, ConsensusRow
from webapp.verdicts.comparing import Box, iou, kappa_of

By = ConsensusRow.By


class Stand(StrEnum):
    """Where a case stands."""

    OPEN = "waits for readers"
    AGREED = "agreed"
    DIFFERS = "waits for a third"
    DECIDED = "decided by a third"


@dataclass(frozen=True)
class Standing:
    """A case and what was said of it.

    Attributes
    ----------
    answers
        The newest of each reader, in the order of the readers' numbers.
    third
        The newest of whoever decided; None where nobody did.
    differences
        Sentences: what the readers differ in.
    ious
        Overlap of each pair of boxes that two readers drew around the same.
    """

    stand: Stand
    answers: Sequence[Answer] = ()
    third: Answer | None = None
    differences: Sequence[str] = ()
    ious: Sequence[float] = ()

    @property
    def label(self) -> str:
        """What is kept; "" where nothing is, or where it cannot be told."""
        if self.stand == Stand.DECIDED and self.third:
            return self.third.label
        return self.answers[0].label if self.stand == Stand.AGREED else ""

    @property
    def boxes(self) -> list[list[float]]:
        """Where it is: the third's boxes, or the middle of those that lie over each other."""
        if self.stand == Stand.DECIDED and self.third:
            return [list(box) for box in self.third.box_list]
        return middles([one.box_list for one in self.answers]) if self.stand == Stand.AGREED else []

    @property
    def by(self) -> By:
        """Who the label is from."""
        if self.stand == Stand.DECIDED:
            return By.ADJUDICATED
        return By.AGREED if len(self.answers) > 1 else By.ONE

    @property
    def shows_name(self) -> bool:
        """Whether anybody saw a name in the picture."""
        return any(one.shows_name for one in (*self.answers, *([self.third] if self.third else [])))


@dataclass
class Agreement:
    """How far readers agree over a campaign, all of them together: pairs of labels, and overlaps of boxes."""

    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    ious: list[float] = field(default_factory=list)

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
        return sum(self.ious) / len(self.ious) if self.ious else None


def stood(said: Iterable[Answer], *, readers: int, asks_boxes: bool, tolerance: float) -> Standing:
    """Say where a case stands.

    Parameters
    ----------
    said
        Every answer to it, the oldest first.
    readers
        How many readers it needs.
    asks_boxes, tolerance
        Whether boxes count, and from which overlap (IoU) on two are the same.
    """
    newest = {(one.reader_id, one.is_third): one for one in said}
    answers = [one for (_reader, is_third), one in sorted(newest.items(), key=lambda pair: pair[0]) if not is_third]
    third = max((one for one in newest.values() if one.is_third), key=lambda one: one.pk, default=None)
    if len(answers) < readers:
        return Standing(Stand.OPEN, answers)
    differences: list[str] = []
    ious: list[float] = []
    for one, other in combinations(answers, 2):
        if one.label != other.label:
            differences.append(f"One says “{one.told}”, the other “{other.told}”.")
        elif asks_boxes:
            _boxes_compared(one.box_list, other.box_list, tolerance, differences, ious)
    stand = Stand.DECIDED if third else Stand.DIFFERS if differences else Stand.AGREED
    return Standing(stand, answers, third, tuple(dict.fromkeys(differences)), tuple(ious))


def agreement_of(standings: Iterable[Standing]) -> Agreement:
    """Count all pairs of readers of all cases that are read."""
    counted = Agreement()
    for standing in standings:
        if standing.stand != Stand.OPEN:
            counted.pairs.update((one.told, other.told) for one, other in combinations(standing.answers, 2))
            counted.ious.extend(standing.ious)
    return counted


def paired(ones: Sequence[Box], others: Sequence[Box]) -> list[tuple[int, int, float]]:
    """Pair boxes of two readers, the greatest overlap first: (number of the one, of the other, IoU)."""
    by_overlap = sorted(
        ((i, j, iou(one, other)) for i, one in enumerate(ones) for j, other in enumerate(others)), key=lambda p: -p[2]
    )
    pairs: list[tuple[int, int, float]] = []
    for i, j, overlap in by_overlap:
        if overlap > 0 and i not in {p[0] for p in pairs} and j not in {p[1] for p in pairs}:
            pairs.append((i, j, overlap))
    return pairs


def middles(drawn: Sequence[Sequence[Box]]) -> list[list[float]]:
    """Return for each box of the first reader the mean of it and of those that the others drew over it."""
    if not drawn:
        return []
    over = [[list(box)] for box in drawn[0]]
    for others in drawn[1:]:
        for i, j, _overlap in paired(drawn[0], others):
            over[i].append(list(others[j]))
    return [[round(sum(edges) / len(edges), 1) for edges in zip(*boxes, strict=True)] for boxes in over]


def _boxes_compared(
    ones: Sequence[Box], others: Sequence[Box], tolerance: float, differences: list[str], ious: list[float]
) -> None:
    pairs = paired(ones, others)
    ious.extend(overlap for _i, _j, overlap in pairs)
    if alone := len(ones) + len(others) - 2 * len(pairs):
        differences.append(f"{alone} box{'' if alone == 1 else 'es'} that only one of the two drew.")
    differences.extend(
        f"Their boxes overlap by {overlap:.0%}, less than {tolerance:.0%}."
        for _i, _j, overlap in pairs
        if overlap < tolerance
    )
