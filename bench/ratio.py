"""Two ways of doing one thing, timed in turn, as a ratio that stands or is void."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import comb

ROUNDS = 7
CONTROL_LOW, CONTROL_HIGH = 0.95, 1.05


@dataclass(frozen=True)
class Ratio:
    """How long B takes for what A does, with an A-against-A control from the same rounds.

    Attributes
    ----------
    median, low, high
        Time of B over time of A: the median of the rounds, and an interval for it.
    coverage
        Probability that such an interval holds the true median (order statistics, no assumption on the spread).
    control
        Time of A over time of A, taken in the same way; 1 where nothing but the two ways made a difference.
    a_seconds, b_seconds
        Median time of one call.
    """

    median: float
    low: float
    high: float
    coverage: float
    control: float
    rounds: int
    a_seconds: float
    b_seconds: float

    @property
    def stands(self) -> bool:
        """Whether the control found nothing: otherwise the machine was busy with something else."""
        return CONTROL_LOW <= self.control <= CONTROL_HIGH

    def __str__(self) -> str:
        """Return the ratio as a line of a report."""
        verdict = "" if self.stands else "  VOID: the control left 0.95-1.05"
        return (
            f"{self.median:5.2f}  [{self.low:.2f}, {self.high:.2f}] {self.coverage:.0%}  "
            f"control {self.control:.2f}  n={self.rounds}{verdict}"
        )


def clocked(action: Callable[[], object]) -> Callable[[], float]:
    """Return an action that tells how many seconds it took."""

    def told() -> float:
        began = time.perf_counter()
        action()
        return time.perf_counter() - began

    return told


def ratio(a: Callable[[], float], b: Callable[[], float], *, rounds: int = ROUNDS) -> Ratio:
    """Time `a` and `b` in turn and return B over A.

    Each round is A B A A B A: the outer A's are measured against B, the inner ones against the outer A's. All three
    have the same middle, so a machine that slows down evenly changes none of them.

    Parameters
    ----------
    a, b
        Each does its thing once and returns the seconds that count; see `clocked`.
    rounds
        How many rounds, after one call of each that does not count.
    """
    a()
    b()
    outer, inner, other = [], [], []
    for _ in range(rounds):
        first, second, third, fourth, fifth, sixth = (action() for action in (a, b, a, a, b, a))
        outer.append(first + sixth)
        other.append(second + fifth)
        inner.append(third + fourth)
    low, median, high, coverage = median_interval([y / x for x, y in zip(outer, other, strict=True)])
    return Ratio(
        median=median,
        low=low,
        high=high,
        coverage=coverage,
        control=statistics.median(y / x for x, y in zip(outer, inner, strict=True)),
        rounds=rounds,
        a_seconds=statistics.median(outer) / 2,
        b_seconds=statistics.median(other) / 2,
    )


def median_interval(values: list[float], *, wanted: float = 0.95) -> tuple[float, float, float, float]:
    """Return low, median, high and coverage of the narrowest order-statistic interval that covers `wanted`.

    The interval from the k-th smallest to the k-th largest of n values holds the true median with probability
    1 - 2 * sum of C(n, i) for i < k, over 2**n.

    Raises
    ------
    ValueError
        For no values at all.
    """
    if not values:
        raise ValueError("A median needs values.")
    ordered, n = sorted(values), len(values)
    coverages = [1 - 2 * sum(comb(n, i) for i in range(k)) / 2**n for k in range(1, n // 2 + 1)] or [0.0]
    k = max([index for index, coverage in enumerate(coverages) if coverage >= wanted], default=0)
    return ordered[k], statistics.median(ordered), ordered[-1 - k], coverages[k]
