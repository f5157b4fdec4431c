"""Figures of a classification: counts, recall, precision, F1, and the curves behind the areas."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve, roc_curve

from ml.lab.evaluate.downsample import Line, thinned
from ml.lab.evaluate.figures import Figure, share_figure
from ml.lab.evaluate.intervals import share_interval, summed_interval

Numbers = NDArray[np.intp]
Values = NDArray[np.float64]


def confusion(truth: Numbers, said: Numbers, classes: int) -> Numbers:
    """Counts, shape (classes, classes); rows are the truth, columns what was said."""
    table = np.zeros((classes, classes), np.intp)
    np.add.at(table, (truth, said), 1)
    return table


def recalls(tables: Values) -> Values:
    """Share of each true class that was said, shape (..., C), of counts (..., C, C); nan where none is true."""
    return _share(_right(tables), tables.sum(-1))


def precisions(tables: Values) -> Values:
    """Share of each said class that is true, shape (..., C); 0 where it was never said, nan where it is never true."""
    shares = np.nan_to_num(_share(_right(tables), tables.sum(-2)))
    return np.where(tables.sum(-1) > 0, shares, np.nan)


def f1s(tables: Values) -> Values:
    """Harmonic mean of recall and precision of each class, shape (..., C); nan where it is never true."""
    both = tables.sum(-1) + tables.sum(-2)
    return np.where(tables.sum(-1) > 0, _share(2 * _right(tables), both), np.nan)


MEASURES: dict[str, Callable[[Values], Values]] = {"recall": recalls, "precision": precisions, "F1": f1s}


def macro_figure(measure: str, truth: Numbers, said: Numbers, classes: int, groups: Sequence[str]) -> Figure:
    """Mean over the classes that the truth shows of "recall", "precision" or "F1", bootstrapped over groups."""
    of_each = MEASURES[measure]

    def macro(sums: Values) -> Values:
        return np.asarray(np.nanmean(of_each(sums.reshape(-1, classes, classes)), axis=1), np.float64)

    return _figure(truth, said, classes, groups, macro)


def class_figures(number: int, truth: Numbers, said: Numbers, classes: int, groups: Sequence[str]) -> dict[str, Figure]:
    """Recall, precision and F1 of one class; recall's n are its pictures, precision's those said to be it."""

    def one(sums: Values) -> Values:
        return f1s(sums.reshape(-1, classes, classes))[:, number]

    owners = np.asarray(groups)
    right = truth == said
    return {
        "recall": share_figure(right[truth == number], owners[truth == number].tolist()),
        "precision": share_figure(right[said == number], owners[said == number].tolist()),
        "F1": _figure(truth, said, classes, groups, one),
    }


def kappa_figure(truth: Numbers, said: Numbers, classes: int, groups: Sequence[str]) -> Figure:
    """Agreement beyond chance on grades, a miss counted by the square of its distance (Cohen 1968)."""
    grades = np.arange(classes)
    weights = (grades[:, None] - grades[None, :]) ** 2

    def kappa(sums: Values) -> Values:
        tables = sums.reshape(-1, classes, classes)
        by_chance = tables.sum(2)[:, :, None] * tables.sum(1)[:, None, :] / tables.sum((1, 2))[:, None, None]
        return 1 - _share((weights * tables).sum((1, 2)), (weights * by_chance).sum((1, 2)))

    return _figure(truth, said, classes, groups, kappa)


def roc_line(scores: Values, positive: NDArray[np.bool_]) -> Line:
    """Points (share of the others flagged, share of the positives flagged) over all thresholds."""
    others, found, _ = roc_curve(positive, scores)
    return thinned(others, found)


def precision_recall_line(scores: Values, positive: NDArray[np.bool_]) -> Line:
    """Points (recall, precision) over all thresholds."""
    precision, recall, _ = precision_recall_curve(positive, scores)
    return thinned(recall[::-1], precision[::-1])


def _figure(
    truth: Numbers, said: Numbers, classes: int, groups: Sequence[str], of_counts: Callable[[Values], Values]
) -> Figure:
    """A figure of the counts, bootstrapped over groups; where all is right, as sure as the share of right answers."""
    cells = _cells(truth, said, classes)
    value = float(of_counts(cells.sum(0)[None])[0])
    right = truth == said
    interval = share_interval(right, groups) if right.all() else summed_interval(groups, cells, of_counts)
    return Figure(value, len(truth), *interval)


def _right(tables: Values) -> Values:
    return np.asarray(np.diagonal(tables, axis1=-2, axis2=-1), np.float64)


def _share(part: Values, whole: Values) -> Values:
    return np.asarray(np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0), np.float64)


def _cells(truth: Numbers, said: Numbers, classes: int) -> Values:
    """Which cell of the confusion matrix each picture is counted in, shape (N, C * C)."""
    cells = np.zeros((len(truth), classes * classes))
    cells[np.arange(len(truth)), truth * classes + said] = 1
    return cells
