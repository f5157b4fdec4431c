"""The context of one series in the cascade: what the stages have found so far, and where heat maps and masks go."""

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

#: Number of slices that decide what a series is, spaced evenly over its middle part.
SAMPLE = 5
#: Fraction of the series at each end that the sample leaves out, since the first and last slices show little.
MARGIN = 0.2


@dataclass
class Candidate:
    """A box on one slice, with its mask once a segmenter has outlined it, and the second opinions on it."""

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
    """A finding without a box, of a stage that assesses whole slices.

    `label` is one of the labels of `question`; `heat_map` is the name of the stage's PNG.
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
    """The state that the stages of one run share.

    Attributes
    ----------
    words
        What the header states, by question ("modality", "part", "plane", ...).
    facts
        What the stages have settled, by name of the fact.
    candidates
        The boxes found, slice by slice.
    suspicions
        The findings on whole slices.
    spacing_mm
        Distance between neighbouring slices; None if the header does not state it.
    out
        Folder for heat maps and masks; None to write none.
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
        """The indices of the slices that decide what the series is."""
        count = len(self.slices)
        if count <= SAMPLE:
            return list(range(count))
        return [round(place) for place in np.linspace(count * MARGIN, count * (1 - MARGIN) - 1, SAMPLE)]

    def squares(self, indices: list[int], size: int) -> tuple[NDArray[np.float32], list[Placement]]:
        """Return slices as network input, shape (N, 1, size, size), and the placement of each in it."""
        fitted = [fit_square(self.slices[index].grey, size=size) for index in indices]
        return np.stack([square for square, _ in fitted])[:, None], [placement for _, placement in fitted]

    def sampled(self, network: Network) -> tuple[Tensors, list[Placement]]:
        """Return a network's outputs for the sampled slices, computed once for all heads of a trunk."""
        return self.seen(network, self.sample)

    def seen(self, network: Network, indices: Sequence[int]) -> tuple[Tensors, list[Placement]]:
        """Return a network's outputs for slices, computed in batches, and only once for all stages."""
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
        """Return a network's outputs for slices under test-time augmentation, view by view.

        All views go through the network in one call, together with the unchanged slices if they have not been seen yet.
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
        """Let `draw` write a PNG into the output folder; return its name, or None without a folder."""
        if self.out is None:
            return None
        draw(self.out / name)
        return name


@dataclass(frozen=True)
class Task:
    """One stage to run, with its network and the context of the series."""

    step: Step
    network: Network
    course: Course

    def answer(self, **said: object) -> StageAnswer:
        """Return the stage's result with the given fields; its status is "done" unless given."""
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
