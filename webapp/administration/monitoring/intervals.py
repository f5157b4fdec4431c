"""95% interval of a mean whose values fall together in studies: what was sampled is studies, not outlines."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

#: From fewer studies the spread between them cannot be told.
LEAST = 5
DRAWS, SEED = 1000, 7


@dataclass(frozen=True)
class Mean:
    """A mean over so many values of so many studies; without an interval where these are too few."""

    value: float
    interval: tuple[float, float] | None
    n: int
    studies: int

    @property
    def words(self) -> str:
        """The interval and what it rests on."""
        studies = f"{self.studies} stud{'y' if self.studies == 1 else 'ies'}"
        if self.interval is None:
            return f"n = {self.n} in {studies}, too few for an interval"
        low, high = self.interval
        return f"95% {low:.2f} to {high:.2f}, n = {self.n} in {studies}"


def mean_of(values: Sequence[tuple[Hashable, float]]) -> Mean | None:
    """Return the mean of values, each with its study; None where there are none.

    The interval is a bootstrap of whole studies with percentiles widened for few of them (Hesterberg, What teachers
    should know about the bootstrap, 2015, "expanded").
    """
    if not values:
        return None
    numbers = {study: number for number, study in enumerate(dict.fromkeys(study for study, _ in values))}
    sums, counts = np.zeros(len(numbers)), np.zeros(len(numbers))
    for study, value in values:
        sums[numbers[study]] += value
        counts[numbers[study]] += 1
    return Mean(float(sums.sum() / counts.sum()), _interval(sums, counts), len(values), len(numbers))


def _interval(sums: np.ndarray, counts: np.ndarray) -> tuple[float, float] | None:
    studies = len(sums)
    if studies < LEAST:
        return None
    random = np.random.default_rng(SEED)
    drawn = random.multinomial(studies, np.full(studies, 1 / studies), size=DRAWS)
    tail = 100 * NormalDist().cdf(-math.sqrt(studies / (studies - 1)) * student_quantile(0.975, studies - 1))
    low, high = np.percentile(drawn @ sums / (drawn @ counts), [tail, 100 - tail])
    return float(low), float(high)


def student_quantile(share: float, freedom: int) -> float:
    """Return a quantile of Student's t (Abramowitz and Stegun 26.7.5; within 1% for four and more)."""
    z = NormalDist().inv_cdf(share)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3
