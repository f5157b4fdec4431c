"""Figures of outlines: four numbers, because one mean hides what a segmenter does where nothing is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.lab.evaluate.figures import Figure, mean_figure, share_figure

Masks = NDArray[np.bool_]


def dice(said: Masks, truth: Masks) -> float:
    """Twice the shared area over both areas; 1 where both are empty (Dice 1945)."""
    both = int(said.sum()) + int(truth.sum())
    return 1.0 if both == 0 else 2.0 * int((said & truth).sum()) / both


def intersection_over_union(said: Masks, truth: Masks) -> float:
    """Shared area over joined area; 1 where both are empty (Jaccard 1901)."""
    joined = int((said | truth).sum())
    return 1.0 if joined == 0 else int((said & truth).sum()) / joined


@dataclass(frozen=True)
class FourNumbers:
    """What a segmenter does, over pictures with an outline and pictures without.

    Attributes
    ----------
    dice
        Mean Dice over pictures with a drawn outline.
    overlap
        Mean intersection over union over the same.
    false
        Share of the pictures without one where something was outlined all the same.
    naive
        Mean intersection over union over all pictures, 1 where both are empty: the number that looks best
        and says least, since empty pictures lift it.
    """

    dice: Figure
    overlap: Figure
    false: Figure
    naive: Figure


def four_numbers(said: Masks, truth: Masks, groups: Sequence[str]) -> FourNumbers:
    """Count them for outlines (N, S, S)."""
    drawn = np.asarray(truth.any((1, 2)))
    fits = np.array([dice(s, t) for s, t in zip(said, truth, strict=True)], np.float64)
    overlaps = np.array([intersection_over_union(s, t) for s, t in zip(said, truth, strict=True)], np.float64)
    owners = np.asarray(groups)
    with_one, without = owners[drawn].tolist(), owners[~drawn].tolist()
    return FourNumbers(
        mean_figure(fits[drawn], with_one),
        mean_figure(overlaps[drawn], with_one),
        share_figure(np.asarray(said[~drawn].any((1, 2))), without),
        mean_figure(overlaps, groups),
    )
