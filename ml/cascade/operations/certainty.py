"""Calibrated probabilities of a head, and their range under test-time augmentation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.cascade.case_context import Task

Probabilities = NDArray[np.float32]


@dataclass(frozen=True)
class Spread:
    """The probabilities from all views: each deciding slice, unchanged and under each augmentation.

    `looks` has the shape (L, C), with a row for each view and a column for each label.
    """

    looks: Probabilities

    def told(self, index: int, probability: float) -> dict[str, object]:
        """Return the fields of a result with the range of one label; none if there is only one view."""
        if len(self.looks) < 2:
            return {}
        seen = self.looks[:, index]
        return {
            "probability_low": round(min(float(seen.min()), probability), 4),
            "probability_high": round(max(float(seen.max()), probability), 4),
            "views": len(self.looks),
        }


def calibrated(task: Task, logits: NDArray[np.float32]) -> Probabilities:
    """Return probabilities (N, C) from logits (N, C), calibrated with the head's temperature (Guo et al. 2017)."""
    return softmax(logits / task.network.row.temperature.get(task.step.stage.head, 1.0))


def spread_over(task: Task, indices: Sequence[int], plain: Probabilities) -> Spread:
    """Return the probabilities of slices under the stage's views; `plain` (N, C) are those of the unchanged slices."""
    views = task.step.stage.views
    if not views:
        return Spread(plain)
    changed = task.course.viewed(task.network, indices, views)[task.step.stage.head]
    return Spread(np.concatenate([plain, calibrated(task, changed)]))


def softmax(logits: NDArray[np.float32]) -> Probabilities:
    """Return probabilities (N, C) from logits (N, C)."""
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: Probabilities = raised / raised.sum(axis=-1, keepdims=True)
    return result
