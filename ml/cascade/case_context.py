"""One series on its way through the cascade: what is known so far, and where its pictures go."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.cascade.boxes import Box
from ml.cascade.pathways.declaration import Step
from ml.cascade.pathways.load import Cascade
from ml.cascade.prepare import Placement, fit_square
from ml.cascade.runtime import BATCH, Network, Tensors
from ml.cascade.tta import View, view_taken
from ml.dicomio.series import SlicePicture
from ml.schemas import OpinionAnswer, StageAnswer

#: Slices that decide what a series is, taken evenly from its middle.
SAMPLE = 5
#: Part of the series, at each end, that the sample leaves out: the first and last slices show little.
MARGIN = 0.2


@dataclass
class Candidate:
    """A box on one slice, with its outline once a segmenter has drawn it, and what was measured of it."""

    slice: int
    label: str
    stage: str
    box: Box
    probability: float
    mask: NDArray[np.bool_] | None = None
    outlined_by: str | None = None
    heat: NDArray[np.float32] | None = None
    opinions: list[OpinionAnswer] = field(default_factory=list)


@dataclass(frozen=True)
class Suspicion:
    """A finding without a box: an assessing stage judged whole slices.

    `question` is the one whose `label` it is; `heat_map` names the picture that the stage drew.
    """

    stage: str
    question: str
    label: str
    probability: float
    slice: int
    first_slice: int
    last_slice: int
    heat_map: str | None


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
        What was boxed, slice by slice.
    suspicions
        What was found on whole slices.
    spacing_mm
        Distance between neighbouring slices, None where the header does not state it.
    out
        Folder for pictures, None where nobody wants them.
    """

    cascade: Cascade
    slices: list[SlicePicture]
    words: dict[str, str]
    out: Path | None
    facts: dict[str, str] = field(default_factory=dict)
    candidates: list[Candidate] = field(default_factory=list)
    suspicions: list[Suspicion] = field(default_factory=list)
    stages: list[StageAnswer] = field(default_factory=list)
    contradictions: list[str] = field(default_factory=list)
    spacing_mm: float | None = None
    _seen: dict[tuple[str, tuple[int, ...]], tuple[Tensors, list[Placement]]] = field(default_factory=dict)
    _viewed: dict[tuple[str, tuple[int, ...], tuple[View, ...]], Tensors] = field(default_factory=dict)

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
        return self.seen(network, self.sample)

    def seen(self, network: Network, indices: Sequence[int]) -> tuple[Tensors, list[Placement]]:
        """Return a network's outputs for slices, in batches, once for all stages that ask."""
        key = (network.row.name, tuple(indices))
        if key not in self._seen:
            answers: list[Tensors] = []
            placements: list[Placement] = []
            for start in range(0, len(indices), BATCH):
                squares, placed = self.squares(list(indices[start : start + BATCH]), network.row.size)
                answers.append(network.run(squares))
                placements += placed
            joined = {name: np.concatenate([answer[name] for answer in answers]) for name in answers[0]}
            self._seen[key] = joined, placements
        return self._seen[key]

    def viewed(self, network: Network, indices: Sequence[int], views: Sequence[View]) -> Tensors:
        """Return a network's outputs for slices under harmless changes, view by view.

        All go through the network in one call, and with them the slices as they are where nobody asked yet.
        """
        key = (network.row.name, tuple(indices), tuple(views))
        if key not in self._viewed:
            squares, placements = self.squares(list(indices), network.row.size)
            plain = [] if key[:2] in self._seen else [squares]
            outputs = network.run(np.concatenate([*plain, *(view_taken(squares, view) for view in views)]))
            count = len(plain) * len(indices)
            if plain:
                self._seen[key[:2]] = {name: values[:count] for name, values in outputs.items()}, placements
            self._viewed[key] = {name: values[count:] for name, values in outputs.items()}
        return self._viewed[key]

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
            "experimental": self.step.pathway.because,
        }
        return StageAnswer.model_validate({**named, **said})
