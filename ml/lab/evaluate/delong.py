"""Area under the ROC curve with its interval, without resampling."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata, t

from ml.lab.evaluate.intervals import NOT_KNOWN, Interval, group_numbers, wilson_interval

Scores = NDArray[np.float64]


def auc_parts(scores: Scores, positive: NDArray[np.bool_], owners: NDArray[np.intp]) -> tuple[float, Scores]:
    """Area under the ROC curve, and how much each picture pulls it up or down.

    DeLong's structural components (DeLong et al. 1988) from midranks (Sun and Xu 2014).

    Parameters
    ----------
    scores
        Higher means more likely positive, shape (N,).
    positive
        Shape (N,).
    owners
        Number of the group of each picture, shape (N,).

    Returns
    -------
    area
        nan where one of the two kinds is missing.
    pulls
        Shape (N,), nan where one group alone shows a kind. Summed over each group, squared and summed over groups
        they are the area's variance: DeLong's where each picture is a group of its own, Obuchowski's (1997) for
        clustered data otherwise.
    """
    above, below = int(positive.sum()), int((~positive).sum())
    pulls = np.zeros(len(scores))
    if above == 0 or below == 0:
        return math.nan, pulls
    ranks = rankdata(scores)
    higher = (ranks[positive] - rankdata(scores[positive])) / below
    lower = 1 - (ranks[~positive] - rankdata(scores[~positive])) / above
    area = float(higher.mean())
    pulls[positive] = (higher - area) / above * _correction(owners[positive])
    pulls[~positive] = (lower - area) / below * _correction(owners[~positive])
    return area, pulls


def _correction(owners: NDArray[np.intp]) -> float:
    groups = len(np.unique(owners))
    return math.sqrt(groups / (groups - 1)) if groups > 1 else math.nan


def auc_interval(area: float, pulls: Scores, owners: NDArray[np.intp], telling: float) -> Interval:
    """95% interval of an area under the ROC curve, or of a mean of such areas.

    On the scale of the logarithm of the odds, so that it stays inside 0 to 1 and covers near 1 as well (Pepe 2003),
    and with Student's t for the number of groups. Where the area is 0 or 1 no spread can be seen:
    Wilson's interval over those groups instead.

    Parameters
    ----------
    telling
        Groups that the spread was estimated from, in effect: those that show the rarer kind.
    """
    if math.isnan(area) or not np.isfinite(pulls).all():
        return NOT_KNOWN
    spread = math.sqrt(float((np.bincount(owners, pulls) ** 2).sum()))
    if spread == 0 or area in (0.0, 1.0):
        return wilson_interval(area * telling, telling)
    times = float(t.ppf(0.975, max(1.0, telling - 1)))
    middle, reach = math.log(area / (1 - area)), times * spread / (area * (1 - area))
    return _share(middle - reach), _share(middle + reach)


def _share(logit: float) -> float:
    return 1 / (1 + math.exp(-logit)) if logit > -700 else 0.0


def auc_measured(scores: Scores, positive: NDArray[np.bool_], groups: Sequence[str]) -> tuple[float, Interval]:
    """Area under the ROC curve and its 95% interval; nan where one of the two kinds is missing."""
    owners, _ = group_numbers(groups)
    area, pulls = auc_parts(scores, positive, owners)
    return area, auc_interval(area, pulls, owners, rarer_groups(positive, owners))


def rarer_groups(positive: NDArray[np.bool_], owners: NDArray[np.intp]) -> int:
    """Number of groups that show the rarer of the two kinds."""
    return min(len(np.unique(owners[positive])), len(np.unique(owners[~positive])))
