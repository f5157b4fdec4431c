"""One question of a classifier with all that is needed to judge the answers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ml.cascade.runtime import Network
from ml.lab.data import Picture
from ml.lab.evaluate.thresholds import softmax
from ml.lab.train.heads import UNKNOWN, Heads, answers_table

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Question:
    """A head's logits on the pictures whose answer is known.

    Attributes
    ----------
    logits
        Shape (N, C).
    truth
        Class numbers, shape (N,).
    thresholds
        All of the model's: the question's own, and those of labels with a stated sensitivity.
    """

    name: str
    labels: tuple[str, ...]
    pictures: Sequence[Picture]
    logits: Scores
    truth: NDArray[np.intp]
    temperature: float
    thresholds: dict[str, float]

    @cached_property
    def groups(self) -> list[str]:
        """Group of each picture."""
        return [picture.group for picture in self.pictures]

    @cached_property
    def probabilities(self) -> Scores:
        """Calibrated, shape (N, C)."""
        return softmax(self.logits, self.temperature)

    @property
    def said(self) -> NDArray[np.intp]:
        """Number of the likeliest class."""
        return np.asarray(self.logits.argmax(1))

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether the likeliest class is the true one."""
        return np.asarray(self.said == self.truth)

    @property
    def shown(self) -> list[int]:
        """Numbers of the classes that some picture shows and some does not."""
        return [n for n in range(len(self.labels)) if 0 < (self.truth == n).sum() < len(self.truth)]

    @property
    def is_graded(self) -> bool:
        """Whether the labels are grades, such as KL0 to KL3: then near misses are better than far ones."""
        numbers = [re.fullmatch(r"\D+(\d+)", label) for label in self.labels]
        return all(numbers) and len(self.labels) > 2


def questions_asked(
    network: Network, heads: Heads, pictures: Sequence[Picture], logits: dict[str, Scores]
) -> list[Question]:
    """The questions that are read from the data's manifest and that some picture answers.

    Parameters
    ----------
    logits
        Of every head on every picture, shape (N, C).
    """
    truth = answers_table(pictures, heads).numpy()
    row, asked = network.row, []
    for column, (name, head) in enumerate(heads.items()):
        known = np.flatnonzero(truth[:, column] != UNKNOWN)
        if head.read and len(known):
            chosen = [pictures[index] for index in known.tolist()]
            temperature = row.temperature.get(name, 1.0)
            answers = logits[name][known], truth[known, column]
            asked.append(Question(name, head.labels, chosen, *answers, temperature, row.thresholds))
    return asked
