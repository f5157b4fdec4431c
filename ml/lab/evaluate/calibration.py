"""Does "90% sure" come true in 90%?"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ml.lab.evaluate.figures import Figure, mean_figure
from ml.lab.evaluate.intervals import summed_interval

Scores = NDArray[np.float64]
Flags = NDArray[np.bool_]
BINS = 15


def equal_bins(sure: Scores, *, bins: int = BINS) -> NDArray[np.intp]:
    """Bin of each answer, from the least to the most sure, with equally many in each (Nguyen and O'Connor 2015)."""
    order = np.argsort(sure, kind="stable")
    numbers = np.empty(len(sure), np.intp)
    numbers[order] = np.arange(len(sure)) * bins // max(1, len(sure))
    return numbers


def reliability_line(sure: Scores, right: Flags, *, bins: int = BINS) -> list[tuple[float, float]]:
    """Points (mean probability, share right) of each bin."""
    numbers = equal_bins(sure, bins=bins)
    return [
        (round(float(sure[numbers == b].mean()), 4), round(float(right[numbers == b].mean()), 4))
        for b in np.unique(numbers)
    ]


def calibration_error(sure: Scores, right: Flags, *, bins: int = BINS) -> float:
    """Expected calibration error (Guo et al. 2017) over bins of equal mass.

    Parameters
    ----------
    sure
        Probability of the answer given, shape (N,).
    right
        Whether it was the true one, shape (N,).
    """
    return float(_errors(_gaps(sure, right, bins).sum(0)[None])[0])


def calibration_figure(sure: Scores, right: Flags, groups: Sequence[str], *, bins: int = BINS) -> Figure:
    """Expected calibration error, bootstrapped over groups with the bins kept."""
    interval = summed_interval(groups, _gaps(sure, right, bins), _errors)
    return Figure(calibration_error(sure, right, bins=bins), len(sure), *interval)


def error_by_chance(sure: Scores, *, bins: int = BINS, draws: int = 200, seed: int = 7) -> float:
    """Calibration error that a perfectly calibrated network would show with these probabilities, on average.

    The error is a mean of sizes and never below zero: few pictures alone lift it.
    """
    rng = np.random.default_rng(seed)
    lucky = [calibration_error(sure, rng.random(len(sure)) < sure, bins=bins) for _ in range(draws)]
    return float(np.mean(lucky))


def brier_figure(probabilities: Scores, truth: NDArray[np.intp], groups: Sequence[str]) -> Figure:
    """Mean squared distance between probabilities (N, C) and the true class (Brier 1950): 0 best, 2 worst."""
    exact = np.eye(probabilities.shape[1])[truth]
    return mean_figure(((probabilities - exact) ** 2).sum(1), groups)


def _gaps(sure: Scores, right: Flags, bins: int) -> Scores:
    """What each picture adds to the gap of its bin, shape (N, bins), and to the count in a last column."""
    gaps = np.zeros((len(sure), bins + 1))
    gaps[np.arange(len(sure)), equal_bins(sure, bins=bins)] = sure - right
    gaps[:, -1] = 1
    return gaps


def _errors(sums: Scores) -> Scores:
    return np.asarray(np.abs(sums[:, :-1]).sum(1) / sums[:, -1], np.float64)
