"""Calibrated probabilities of a head, and how far they move under harmless changes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.cascade.case_context import Task

Probabilities = NDArray[np.float32]


@dataclass(frozen=True)
class Spread:
    """What every look said: each slice that decided, as it is and under each view.

    `looks` has the shape (L, C): one row a look, one column a label.
    """

    looks: Probabilities

    def told(self, index: int, probability: float) -> dict[str, object]:
        """Return the fields of an answer that tell the range of one label; none where there was one look."""
        if len(self.looks) < 2:
            return {}
        seen = self.looks[:, index]
        return {
            "probability_low": round(min(float(seen.min()), probability), 4),
            "probability_high": round(max(float(seen.max()), probability), 4),
            "views": len(self.looks),
        }


def calibrated(task: Task, logits: NDArray[np.float32]) -> Probabilities:
    """Return probabilities (N, C) of logits (N, C) at the head's temperature (Guo et al. 2017)."""
    return softmax(logits / task.network.row.temperature.get(task.step.stage.head, 1.0))


def spread_over(task: Task, indices: Sequence[int], plain: Probabilities) -> Spread:
    """Look again at slices under the stage's views; `plain` (N, C) is what they said as they are."""
    views = task.step.stage.views
    if not views:
        return Spread(plain)
    changed = task.course.viewed(task.network, indices, views)[task.step.stage.head]
    return Spread(np.concatenate([plain, calibrated(task, changed)]))


def softmax(logits: NDArray[np.float32]) -> Probabilities:
    """Return probabilities (N, C) of logits (N, C)."""
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: Probabilities = raised / raised.sum(axis=-1, keepdims=True)
    return result
