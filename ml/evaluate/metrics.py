"""Figures with their uncertainty; pure functions on arrays."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.boxes import best_boxes

Interval = tuple[float, float]
Boxes = NDArray[np.float64]
_Z95 = 1.959963984540054


def wilson_interval(right: int, total: int) -> Interval:
    """95% interval of a share (Wilson 1927); (0, 1) where nothing was counted."""
    if total == 0:
        return 0.0, 1.0
    share, z2 = right / total, _Z95**2
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    reach = _Z95 / (1 + z2 / total) * math.sqrt(share * (1 - share) / total + z2 / 4 / total**2)
    return max(0.0, middle - reach), min(1.0, middle + reach)


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
    members: dict[str, list[int]] = {}
    for index, group in enumerate(groups):
        members.setdefault(group, []).append(index)
    pools = [np.array(indices) for indices in members.values()]
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(draws):
        drawn = rng.integers(len(pools), size=len(pools))
        values.append(figure(np.concatenate([pools[i] for i in drawn])))
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


@dataclass(frozen=True)
class Figure:
    """A measured value, over how many it was measured, and its 95% interval."""

    value: float
    n: int
    low: float
    high: float


def share_figure(right: NDArray[np.bool_], groups: Sequence[str]) -> Figure:
    """Share of pictures that are right.

    The interval is the wider, at each end, of Wilson's over pictures and the bootstrap over groups:
    the first is honest at 100%, the second about pictures of one patient that fall together.
    """
    if len(right) == 0:
        return Figure(math.nan, 0, 0.0, 1.0)
    low, high = wilson_interval(int(right.sum()), len(right))
    group_low, group_high = grouped_interval(groups, lambda drawn: float(right[drawn].mean()))
    return Figure(float(right.mean()), len(right), min(low, group_low), max(high, group_high))


def mean_figure(values: NDArray[np.float64], groups: Sequence[str]) -> Figure:
    """Mean over pictures with the bootstrap interval over groups."""
    if len(values) == 0:
        return Figure(math.nan, 0, math.nan, math.nan)
    low, high = grouped_interval(groups, lambda drawn: float(values[drawn].mean()))
    return Figure(float(values.mean()), len(values), low, high)


def confusion(truth: NDArray[np.intp], said: NDArray[np.intp], classes: int) -> NDArray[np.intp]:
    """Counts, shape (classes, classes); rows are the truth, columns what was said."""
    table = np.zeros((classes, classes), np.intp)
    np.add.at(table, (truth, said), 1)
    return table


def overlap_matrix(first: Boxes, second: Boxes) -> Boxes:
    """Intersection over union of every box with every other, shape (N, M).

    Boxes are rows x0, y0, x1, y1.
    """
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=2)
    sizes = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (first, second)]
    union = sizes[0][:, None] + sizes[1][None, :] - shared
    result: Boxes = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return result


def boxes_kept(answer: NDArray[np.float32], *, least: float) -> Boxes:
    """The boxes of a detector's raw answer as they are served, without doubles.

    Parameters
    ----------
    answer
        Shape (5, A): centre x, centre y, width, height, probability.
    least
        Boxes less probable are dropped.

    Returns
    -------
    ndarray
        Rows x0, y0, x1, y1, probability, most probable first, of the 300 likeliest places.
    """
    likely = answer[:, np.argsort(-answer[4], kind="stable")[:300]]
    rows = [(*box, probability) for box, probability in best_boxes(likely, threshold=least)]
    return np.array(rows, np.float64).reshape(-1, 5)


def hits_of(found: Boxes, truth: Boxes, *, overlap: float = 0.5) -> NDArray[np.bool_]:
    """Which found boxes (most probable first) hit a drawn box that none before them hit."""
    hits = np.zeros(len(found), bool)
    free = np.ones(len(truth), bool)
    overlaps = overlap_matrix(found[:, :4], truth)
    for index in range(len(found)):
        candidates = np.where(free, overlaps[index], -1.0) if len(truth) else np.array([-1.0])
        best = int(candidates.argmax())
        if candidates[best] >= overlap:
            hits[index], free[best] = True, False
    return hits


def average_precision(found: Sequence[Boxes], truth: Sequence[Boxes], *, overlap: float = 0.5) -> float:
    """Area under precision over recall of one label, all points (PASCAL VOC 2010).

    Parameters
    ----------
    found
        For each picture rows x0, y0, x1, y1, probability, most probable first.
    truth
        For each picture rows x0, y0, x1, y1.

    Returns
    -------
    float
        In [0, 1]; nan where nothing was drawn.
    """
    drawn = sum(len(boxes) for boxes in truth)
    if drawn == 0:
        return math.nan
    pairs = list(zip(found, truth, strict=True))
    scores = np.concatenate([f[:, 4] for f, _ in pairs])
    hits = np.concatenate([hits_of(f, t, overlap=overlap) for f, t in pairs])
    hits = hits[np.argsort(-scores, kind="stable")]
    caught = np.cumsum(hits)
    precision = caught / np.arange(1, len(hits) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    recall = np.concatenate([[0.0], caught / drawn])
    return float(np.sum(np.diff(recall) * envelope))


def dice(said: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Twice the shared area over both areas; 1 where both are empty (Dice 1945)."""
    both = int(said.sum()) + int(truth.sum())
    return 1.0 if both == 0 else 2.0 * int((said & truth).sum()) / both


def intersection_over_union(said: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Shared area over joined area; 1 where both are empty (Jaccard 1901)."""
    joined = int((said | truth).sum())
    return 1.0 if joined == 0 else int((said & truth).sum()) / joined
