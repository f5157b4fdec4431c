"""95% intervals: how far off a figure may be by the luck of which patients were in the sample.

Pictures of one group (a patient, a block of neighbouring slices) fall together, so groups and not pictures are
what was sampled.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, t

Interval = tuple[float, float]
Z95 = 1.959963984540054
NOT_KNOWN: Interval = (math.nan, math.nan)
#: With fewer groups (in effect) the spread between them cannot be estimated.
LEAST_GROUPS = 2.0


def wilson_interval(right: float, total: float) -> Interval:
    """95% interval of a share of independent trials (Wilson 1927); (0, 1) where nothing was counted.

    Both numbers may be fractions: an effective number of trials.
    """
    if total == 0:
        return 0.0, 1.0
    share, z2 = right / total, Z95**2
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    reach = Z95 / (1 + z2 / total) * math.sqrt(share * (1 - share) / total + z2 / 4 / total**2)
    # At the ends exactly, where rounding would leave a hair.
    return (0.0 if right == 0 else middle - reach), (1.0 if right == total else middle + reach)


def share_interval(right: NDArray[np.bool_], groups: Sequence[str]) -> Interval:
    """95% interval of a share whose trials fall together in groups.

    Wilson's interval on the effective number of trials: so many independent ones would give the share the
    variance that it has over groups, a jackknife's (Korn and Graubard 1998 for the number and its correction for
    few groups; Franco et al. 2019 for Wilson's interval on it). At 0% and 100%, where no variance can be seen,
    the trials of a group are taken as one.
    """
    count = len(right)
    if count == 0:
        return 0.0, 1.0
    owners, sizes = group_numbers(groups)
    share, whole = float(right.mean()), groups_effective(sizes)
    if len(sizes) == count:
        effective: float = count
    elif whole < LEAST_GROUPS or share in (0.0, 1.0):
        effective = whole
    else:
        without = np.bincount(owners, right - share) / (count - sizes)
        spread = float((without**2).sum()) * (len(sizes) - 1) / len(sizes)
        alike = share * (1 - share) / max(spread, 1e-12)
        effective = min(count, alike) * (Z95 / float(t.ppf(0.975, whole - 1))) ** 2
    return wilson_interval(share * effective, effective)


def groups_effective(sizes: NDArray[np.intp]) -> float:
    """So many groups of one size tell as much as these (Kish 1965; Carter et al. 2017)."""
    return float(sizes.sum() ** 2 / (sizes**2).sum())


def group_numbers(groups: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Number of the group of each picture, and the size of each group."""
    _, numbers, sizes = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    return numbers, sizes


def group_draws(count: int, *, draws: int = 1000, seed: int = 7) -> NDArray[np.intp]:
    """How often each of `count` groups is drawn in each bootstrap sample, shape (draws, count)."""
    rng = np.random.default_rng(seed)
    return np.asarray(rng.multinomial(count, np.full(count, 1 / count), size=draws), np.intp)


def drawn_interval(values: NDArray[np.float64], sizes: NDArray[np.intp]) -> Interval:
    """95% interval from what a figure was in bootstrap samples of groups of these sizes.

    The percentiles are Hesterberg's (2015, "expanded"): with few groups the plain 2.5 and 97.5
    would be too near, as if the spread between groups were known and not estimated. From hardly more than one
    group nothing is known.
    """
    groups = groups_effective(sizes)
    if groups < LEAST_GROUPS or np.isnan(values).all():
        return NOT_KNOWN
    tail = 100 * float(norm.cdf(-math.sqrt(groups / (groups - 1)) * t.ppf(0.975, groups - 1)))
    low, high = np.nanpercentile(values, [tail, 100 - tail])
    return float(low), float(high)


def grouped_interval(
    groups: Sequence[str],
    figure: Callable[[NDArray[np.intp]], float],
    *,
    draws: int = 1000,
    seed: int = 7,
) -> Interval:
    """95% bootstrap interval that draws whole groups (patients), not pictures.

    Parameters
    ----------
    groups
        Group of each picture.
    figure
        Computes the figure from the numbers of the drawn pictures.
    """
    owners, sizes = group_numbers(groups)
    everyone = np.arange(len(owners))
    values = [figure(np.repeat(everyone, times[owners])) for times in group_draws(len(sizes), draws=draws, seed=seed)]
    return drawn_interval(np.array(values), sizes)


def summed_interval(
    groups: Sequence[str],
    parts: NDArray[np.float64],
    figure: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    *,
    draws: int = 1000,
    seed: int = 7,
) -> Interval:
    """`grouped_interval`, quick, for a figure that depends on sums over pictures only.

    Parameters
    ----------
    parts
        Shape (N, K): what each picture adds to each of K sums.
    figure
        Computes the figure of every sample from the sums, shape (draws, K).
    """
    owners, sizes = group_numbers(groups)
    sums = np.zeros((len(sizes), parts.shape[1]))
    np.add.at(sums, owners, parts)
    return drawn_interval(figure(group_draws(len(sizes), draws=draws, seed=seed) @ sums), sizes)
