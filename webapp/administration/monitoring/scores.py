"""Bins of scores, and how far their distribution has moved."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from django.db.models import Case, IntegerField, Value, When

#: Ends of the bins, finer near 0 and 1, where calibrated scores lie.
EDGES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
BINS = tuple(f"{low:g} to {high:g}" for low, high in zip((0.0, *EDGES), (*EDGES, 1.0), strict=True))
#: Fewer scores than this, on either side, say too little.
ENOUGH = 50
DRIFT_WEEKS = 4
#: A bin is joined to its neighbour until the two sides together hold so many.
LEAST_IN_BIN = 10
#: Share of the comparisons without any drift that may still be called a drift.
FALSE_ALARMS = 0.01


def bin_of(field: str) -> Case:
    """Return the column with the number of the bin in which a score lies; a bin holds its lower end."""
    below = [When(**{f"{field}__lt": edge}, then=Value(number)) for number, edge in enumerate(EDGES)]
    return Case(*below, default=Value(len(EDGES)), output_field=IntegerField())


@dataclass(frozen=True)
class Drift:
    """How far scores have moved from the first weeks to the last: the index, and the line that chance seldom crosses.

    `index` and `line` are None where there is too little to say.
    """

    n_first: int
    n_now: int
    index: float | None = None
    line: float | None = None

    @property
    def has_moved(self) -> bool:
        """Whether the index lies above what chance explains."""
        return self.index is not None and self.line is not None and self.index > self.line

    @property
    def word(self) -> str:
        """The finding in two words."""
        if self.index is None:
            return "Too few to say" if self.n_first or self.n_now else "Too early to say"
        return "Moved" if self.has_moved else "Not seen to move"

    @property
    def reason(self) -> str:
        """The numbers behind it."""
        if self.index is None and not (self.n_first or self.n_now):
            return f"fewer than {DRIFT_WEEKS} weeks between the first and the last"
        compared = f"n = {self.n_now} against {self.n_first}"
        if self.index is None or self.line is None:
            return f"{compared}, {ENOUGH} each are needed"
        return f"index {self.index:.2f}, chance up to {self.line:.2f}, {compared}"


def drift_of(first: Sequence[int], now: Sequence[int]) -> Drift:
    """Return the population stability index of two histograms over the same bins.

    The index is the sum over bins of (p - q) ln(p / q) (Kullback and Leibler 1951, the symmetric divergence).
    Without drift, it is about (1/n + 1/m) times a chi-square with one degree of freedom less than there are bins
    (Yurdakul 2018): a fixed line such as 0.1 would raise an alarm in most small samples.
    """
    n_first, n_now = sum(first), sum(now)
    if min(n_first, n_now) < ENOUGH:
        return Drift(n_first, n_now)
    joined = joined_bins(first, now)
    index = sum(_moved(before / n_first, after / n_now) for before, after in _smoothed(joined))
    line = (1 / n_first + 1 / n_now) * chi_square_quantile(1 - FALSE_ALARMS, max(1, len(joined) - 1))
    return Drift(n_first, n_now, index, line)


def joined_bins(first: Sequence[int], now: Sequence[int]) -> list[tuple[int, int]]:
    """Join neighbouring bins until each holds LEAST_IN_BIN of the two sides together."""
    joined: list[tuple[int, int]] = []
    before = after = 0
    for one, other in zip(first, now, strict=True):
        before, after = before + one, after + other
        if before + after >= LEAST_IN_BIN:
            joined.append((before, after))
            before = after = 0
    if joined and before + after:
        joined[-1] = (joined[-1][0] + before, joined[-1][1] + after)
    return joined


def chi_square_quantile(share: float, freedom: int) -> float:
    """Return a quantile of the chi-square distribution (Wilson and Hilferty 1931; within 2% for two and more)."""
    spread = 2 / (9 * freedom)
    return float(freedom * (1 - spread + NormalDist().inv_cdf(share) * math.sqrt(spread)) ** 3)


def _smoothed(bins: Sequence[tuple[int, int]]) -> list[tuple[float, float]]:
    # An empty side would make the index infinite: half a score stands for "less than one".
    return [(max(before, 0.5), max(after, 0.5)) for before, after in bins]


def _moved(before: float, after: float) -> float:
    return (after - before) * math.log(after / before)
