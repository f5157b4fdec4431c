"""Networks whose answers are known, to test what the cascade makes of an answer."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.cascade.case_context import Course, Task
from ml.cascade.runtime import Network
from ml.cascade.summary import cascade_of
from ml.cascade.weights import ModelRow
from ml.dicomio.series import SlicePicture
from workers import configuration

WEIGHTS = configuration.weights_folder()
CASCADE = cascade_of(WEIGHTS)
ROWS, COLUMNS = 96, 128


class KnownSorter:
    """Answers each head with the probabilities that the test names, whatever the picture."""

    def __init__(self, said: Mapping[str, Mapping[str, float]], **row: object) -> None:
        self.row: ModelRow = CASCADE.models["sorter"].model_copy(update={"temperature": {}, **row})
        self.said = said

    def run(self, batch: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Return logits whose softmax is what the test said, and flat maps."""
        answers = {}
        for head, labels in self.row.labels.items():
            said = self.said.get(head, {})
            probabilities = np.array([max(said.get(label, 0.0), 1e-6) for label in labels], np.float32)
            answers[head] = np.repeat(np.log(probabilities)[None], len(batch), axis=0)
            answers[f"{head}_map"] = np.ones((len(batch), len(labels), 4, 4), np.float32)
        return answers


class BrightDetector:
    """Boxes what is bright: one box round all pixels over 0.5, its probability their mean."""

    def __init__(self, name: str) -> None:
        self.row: ModelRow = CASCADE.models[name]

    def run(self, batch: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Return (N, 5, 1): the one box, of probability 0 where nothing is bright."""
        return {"boxes": np.stack([self._box(square[0]) for square in batch])}

    def _box(self, square: NDArray[np.float32]) -> NDArray[np.float32]:
        rows, columns = np.nonzero(square > 0.5)
        if not len(rows):
            return np.zeros((5, 1), np.float32)
        x0, x1, y0, y1 = columns.min(), columns.max() + 1, rows.min(), rows.max() + 1
        told = [(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0, square[rows, columns].mean()]
        return np.array(told, np.float32)[:, None]


class BrightSegmenter:
    """Outlines what is bright."""

    def __init__(self) -> None:
        self.row: ModelRow = CASCADE.models["tumour-segmenter"]

    def run(self, batch: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Return (N, 1, S, S) logits: +9 on bright pixels, -9 elsewhere."""
        return {"mask": np.where(batch > 0.5, 9.0, -9.0).astype(np.float32)}


def slice_with(*spots: tuple[int, int, int, int], colour_share: float = 0.0, number: int = 0) -> SlicePicture:
    """Draw a dark slice with bright rectangles (x0, y0, x1, y1)."""
    grey = np.full((ROWS, COLUMNS), 20, np.uint8)
    grey[0, 0] = 0
    for x0, y0, x1, y1 in spots:
        grey[y0:y1, x0:x1] = 250
    return SlicePicture(Path(f"slice-{number}"), 0, grey, colour_share)


def course_of(*slices: SlicePicture, out: Path | None = None, **words: str) -> Course:
    """Return a course at its start, with header words by witness."""
    return Course(CASCADE, list(slices) or [slice_with()], dict(words), out)


def task_of(stage: str, network: Network, course: Course) -> Task:
    """Return a stage of the shipped cascade about to run."""
    return Task(next(step for step in CASCADE.steps if step.stage.name == stage), network, course)
