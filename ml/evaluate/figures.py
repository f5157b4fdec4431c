"""A measured value with its n and its interval, and the common ways to measure one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.evaluate.delong import auc_interval, auc_measured, auc_parts, rarer_groups
from ml.evaluate.intervals import group_numbers, share_interval, summed_interval

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Figure:
    """A measured value, over how many it was measured, and its 95% interval."""

    value: float
    n: int
    low: float
    high: float


def share_figure(right: NDArray[np.bool_], groups: Sequence[str]) -> Figure:
    """Share of pictures that are right; see `ml.evaluate.intervals.share_interval`."""
    if len(right) == 0:
        return Figure(math.nan, 0, 0.0, 1.0)
    return Figure(float(right.mean()), len(right), *share_interval(right, groups))


def mean_figure(values: Scores, groups: Sequence[str]) -> Figure:
    """Mean over pictures with the bootstrap interval over groups."""
    if len(values) == 0:
        return Figure(math.nan, 0, math.nan, math.nan)
    parts = np.stack([values, np.ones(len(values))], axis=1)
    interval = summed_interval(groups, parts, lambda sums: sums[:, 0] / sums[:, 1])
    return Figure(float(values.mean()), len(values), *interval)


def auc_figure(scores: Scores, positive: NDArray[np.bool_], groups: Sequence[str]) -> Figure:
    """Area under the ROC curve with DeLong's interval, groups taken whole."""
    area, interval = auc_measured(scores, positive, groups)
    return Figure(area, len(scores), *interval)


def macro_auc_figure(scores: Scores, truth: NDArray[np.intp], groups: Sequence[str]) -> Figure:
    """Mean over classes of the area under the ROC curve of each against the rest.

    Parameters
    ----------
    scores
        Shape (N, C).
    truth
        Class numbers, shape (N,); classes that fewer than two groups show are left out.
    """
    owners, _ = group_numbers(groups)
    shown = [number for number in range(scores.shape[1]) if rarer_groups(truth == number, owners) > 1]
    if not shown:
        return Figure(math.nan, len(truth), math.nan, math.nan)
    measured = [auc_parts(scores[:, number], truth == number, owners) for number in shown]
    area = float(np.mean([value for value, _ in measured]))
    pulls = np.mean([pull for _, pull in measured], axis=0)
    spread = np.bincount(owners, pulls) ** 2
    # Satterthwaite's number: a rare class pulls hard with few groups, and then few groups told the spread.
    rarer = min(rarer_groups(truth == number, owners) for number in shown)
    telling = float(spread.sum() ** 2 / (spread**2).sum()) if spread.any() else rarer
    return Figure(area, len(truth), *auc_interval(area, pulls, owners, telling))
