"""One series on its way through the cascade: what is known so far, and where its pictures go."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.answer import StageAnswer
from ml.boxes import Box
from ml.pathways.load import Cascade, Step
from ml.prepare import Placement, fit_square
from ml.reading.series import SlicePicture
from ml.runtime import Network, Tensors

#: Slices that decide what a series is, taken evenly from its middle.
SAMPLE = 5
#: Part of the series, at each end, that the sample leaves out: the first and last slices show little.
MARGIN = 0.2


@dataclass
class Candidate:
    """A box on one slice, with its outline once a segmenter has drawn it."""

    slice: int
    label: str
    stage: str
    box: Box
    probability: float
    mask: NDArray[np.bool_] | None = None
    heat: NDArray[np.float32] | None = None


@dataclass
class Course:
    """Everything that the stages of one run read and write.

    Attributes
    ----------
    words
        What the header states, by witness.
    facts
        What the stages have settled, by fact.
    candidates
        What was found, slice by slice.
    out
        Folder for pictures, None where nobody wants them.
    """

    cascade: Cascade
    slices: list[SlicePicture]
    words: dict[str, str]
    out: Path | None
    facts: dict[str, str] = field(default_factory=dict)
    candidates: list[Candidate] = field(default_factory=list)
    stages: list[StageAnswer] = field(default_factory=list)
    contradictions: list[str] = field(default_factory=list)
    _sampled: dict[str, tuple[Tensors, list[Placement]]] = field(default_factory=dict)

    @property
    def sample(self) -> list[int]:
        """Indices of the slices that decide what the series is."""
        count = len(self.slices)
        if count <= SAMPLE:
            return list(range(count))
        return [round(place) for place in np.linspace(count * MARGIN, count * (1 - MARGIN) - 1, SAMPLE)]

    def squares(self, indices: list[int], size: int) -> tuple[NDArray[np.float32], list[Placement]]:
        """Return slices as network input (N, 1, size, size) with where each lies in it."""
        fitted = [fit_square(self.slices[index].grey, size=size) for index in indices]
        return np.stack([square for square, _ in fitted])[:, None], [placement for _, placement in fitted]

    def sampled(self, network: Network) -> tuple[Tensors, list[Placement]]:
        """Return a network's outputs for the sample; heads that share a trunk share its one pass."""
        name = network.row.name
        if name not in self._sampled:
            squares, placements = self.squares(self.sample, network.row.size)
            self._sampled[name] = network.run(squares), placements
        return self._sampled[name]

    def keep(self, name: str, draw: Callable[[Path], None]) -> str | None:
        """Let `draw` write a picture beside the answer; return its name."""
        if self.out is None:
            return None
        draw(self.out / name)
        return name


@dataclass(frozen=True)
class Task:
    """One stage about to run."""

    step: Step
    network: Network
    course: Course

    def answer(self, **said: object) -> StageAnswer:
        """Return a stage's answer, "done" unless said otherwise, with its model named."""
        named = {
            "name": self.step.stage.name,
            "title": self.step.stage.title,
            "pathway": self.step.pathway.name,
            "status": "done",
            "model": self.network.row.name,
            "version": self.network.row.version,
        }
        return StageAnswer.model_validate({**named, **said})
