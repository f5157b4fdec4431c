"""A measured value with its n and its interval, and the common ways to measure one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.lab.evaluate.delong import auc_interval, auc_measured, auc_parts, rarer_groups
from ml.lab.evaluate.intervals import group_numbers, share_interval, summed_interval

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Figure:
    """A measured value, over how many it was measured, and its 95% interval."""

    value: float
    n: int
    low: float
    high: float


def share_figure(right: NDArray[np.bool_], groups: Sequence[str]) -> Figure:
    """Share of pictures that are right; see `ml.lab.evaluate.intervals.share_interval`."""
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

    Its interval is put together from those of the classes (MOVER, Zou and Donner 2008), with the correlations between
    their areas: where one group makes most of the spread, the number of groups of its class alone says how far to
    trust it, and not that of all.

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
    parts = [auc_parts(scores[:, number], truth == number, owners) for number in shown]
    areas = np.array([area for area, _ in parts])
    ends = np.array(
        [
            auc_interval(area, pulls, owners, rarer_groups(truth == number, owners))
            for number, (area, pulls) in zip(shown, parts, strict=True)
        ]
    )
    alike = _correlations(np.array([np.bincount(owners, pulls) for _, pulls in parts]))
    below, above = (_joined(reach, alike) for reach in (areas - ends[:, 0], ends[:, 1] - areas))
    area = float(areas.mean())
    return Figure(area, len(truth), area - below, area + above)


def _correlations(sums: Scores) -> Scores:
    """Correlations between areas from what each group pulls at them, shape (areas, groups)."""
    products = sums @ sums.T
    spreads = np.sqrt(np.diag(products))
    pairs = np.outer(spreads, spreads)
    alike: Scores = np.divide(products, pairs, out=np.zeros_like(products), where=pairs > 0)
    np.fill_diagonal(alike, 1.0)
    return alike


def _joined(reaches: Scores, alike: Scores) -> float:
    return math.sqrt(max(0.0, float(reaches @ alike @ reaches))) / len(reaches)
