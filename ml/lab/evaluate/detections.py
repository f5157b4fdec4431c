"""Figures of boxes: which hit, how precise, how many false ones for what sensitivity."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.cascade.boxes import best_boxes

Boxes = NDArray[np.float64]
#: Overlaps of COCO's mean average precision (Lin et al. 2014).
OVERLAPS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
#: False boxes a picture at which a FROC line is read (Setio et al. 2017).
FALSE_BOXES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


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


def matches_of(found: Boxes, truth: Boxes, *, overlap: float = 0.5) -> NDArray[np.intp]:
    """For each found box (most probable first) the number of the drawn box that it hits; -1 where it hits none.

    A drawn box is hit once, by the first.
    """
    matches = np.full(len(found), -1, np.intp)
    free = np.ones(len(truth), bool)
    overlaps = overlap_matrix(found[:, :4], truth)
    for index in range(len(found) if len(truth) else 0):
        candidates = np.where(free, overlaps[index], -1.0)
        best = int(candidates.argmax())
        if candidates[best] >= overlap:
            matches[index], free[best] = best, False
    return matches


def hits_of(found: Boxes, truth: Boxes, *, overlap: float = 0.5) -> NDArray[np.bool_]:
    """Which found boxes (most probable first) hit a drawn box that none before them hit."""
    return np.asarray(matches_of(found, truth, overlap=overlap) >= 0)


def drawn_hit(found: Boxes, truth: Boxes, *, overlap: float = 0.5) -> NDArray[np.bool_]:
    """Which drawn boxes were hit, shape (M,)."""
    return np.isin(np.arange(len(truth)), matches_of(found, truth, overlap=overlap))


@dataclass(frozen=True)
class Ranking:
    """All boxes found in all pictures, most probable first, as precision and FROC count them.

    Attributes
    ----------
    hits
        Whether each hit a drawn box, shape (B,).
    owners
        Number of the picture of each, shape (B,).
    drawn
        Drawn boxes of each picture, shape (N,).
    """

    hits: NDArray[np.bool_]
    owners: NDArray[np.intp]
    drawn: NDArray[np.intp]

    def precision(self, times: NDArray[np.intp] | None = None) -> float:
        """Area under precision over recall, all points (PASCAL VOC 2010); nan where nothing was drawn.

        Parameters
        ----------
        times
            How often each picture counts, shape (N,), as a bootstrap drew it; once where not given.
        """
        weights = np.ones(len(self.drawn), np.intp) if times is None else times
        drawn = int((self.drawn * weights).sum())
        if drawn == 0:
            return math.nan
        counted = weights[self.owners]
        caught = np.cumsum(self.hits * counted)
        precision = caught / np.maximum(np.cumsum(counted), 1)
        envelope = np.maximum.accumulate(precision[::-1])[::-1]
        recall = np.concatenate([[0.0], caught / drawn])
        return float(np.sum(np.diff(recall) * envelope))

    def froc(self) -> tuple[Boxes, Boxes]:
        """False boxes a picture, and share of the drawn boxes hit, after each box found (Chakraborty 1989)."""
        false = np.concatenate([[0.0], np.cumsum(~self.hits) / len(self.drawn)])
        found = np.concatenate([[0.0], np.cumsum(self.hits) / max(1, int(self.drawn.sum()))])
        return false, found

    def sensitivity_at(self, false_boxes: float, times: NDArray[np.intp] | None = None) -> float:
        """Share of the drawn boxes hit where so many false boxes a picture are borne.

        A detector that never gives so many answers with all that it finds.
        """
        weights = np.ones(len(self.drawn), np.intp) if times is None else times
        counted = weights[self.owners]
        borne = np.cumsum(~self.hits * counted) <= false_boxes * weights.sum()
        return float((self.hits * counted)[borne].sum() / max(1, int((self.drawn * weights).sum())))


def ranked(found: Sequence[Boxes], truth: Sequence[Boxes], *, overlap: float = 0.5) -> Ranking:
    """Rank the boxes of all pictures.

    Parameters
    ----------
    found
        For each picture rows x0, y0, x1, y1, probability, most probable first.
    truth
        For each picture rows x0, y0, x1, y1.
    """
    pairs = list(zip(found, truth, strict=True))
    scores = np.concatenate([f[:, 4] for f, _ in pairs])
    hits = np.concatenate([hits_of(f, t, overlap=overlap) for f, t in pairs])
    owners = np.repeat(np.arange(len(pairs)), [len(f) for f in found])
    order = np.argsort(-scores, kind="stable")
    return Ranking(hits[order], owners[order], np.array([len(t) for t in truth], np.intp))


def average_precision(found: Sequence[Boxes], truth: Sequence[Boxes], *, overlap: float = 0.5) -> float:
    """Average precision of one label at one overlap; see `ranked` for what goes in and `Ranking.precision`."""
    return ranked(found, truth, overlap=overlap).precision()
