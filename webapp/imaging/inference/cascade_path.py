"""The cascade as a tree of steps, with the path that one series took and the result of each step."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from webapp.foundation.core.formatting import Look, format_range
from webapp.imaging.archive.presenters import HEADER_WORDS, MODALITIES
from webapp.imaging.inference.models import Stage
from webapp.imaging.inference.presenters import STAGE_LOOKS
from workers.api import DrawnStage

#: Status of a step that has no result yet, in a run that has not finished.
WAITING = "waiting"


@dataclass
class Step:
    """One step of the cascade and its result for this series."""

    name: str
    title: str
    pathway: str
    model: str
    version: str
    stage: Stage | None
    is_over: bool
    #: The slice (from 0, in the page's order) on which this step's heat map lies.
    heat_slice: int | None = None
    children: list["Step"] = field(default_factory=list)

    @property
    def status(self) -> str:
        """The status of the step: done, not_run, not_suitable, failed or waiting."""
        if self.stage:
            return self.stage.status
        return Stage.Status.NOT_RUN if self.is_over else WAITING

    @property
    def is_taken(self) -> bool:
        """Whether the step ran."""
        return self.status not in {Stage.Status.NOT_RUN, WAITING}

    @property
    def look(self) -> Look:
        """How its status is displayed."""
        return STAGE_LOOKS[self.status]

    @property
    def range(self) -> str:
        """The range of the probability over slices and test-time views; "" if there was only one view."""
        stage = self.stage
        return format_range(stage.probability_low, stage.probability_high, stage.views) if stage else ""

    @property
    def experimental(self) -> str:
        """Why this step's result is experimental; "" if it is not, or if there is no result."""
        return self.stage.experimental if self.stage and self.is_taken else ""

    @property
    def header(self) -> str:
        """What the DICOM header states for the same question, as pages display it."""
        said = self.stage.header_says if self.stage else ""
        return HEADER_WORDS.get(said, said)

    @property
    def witness(self) -> str:
        """How the header compares with the pixels: contradicts, agrees, leads, stated; "" if it states nothing.

        "leads": the pixels suggest something else, but not confidently enough to contradict the header. "stated": the
        step has no result to compare the header with.
        """
        stage = self.stage
        if stage is None or not stage.header_says:
            return ""
        if stage.contradiction:
            return "contradicts"
        if stage.status != Stage.Status.DONE:
            return "stated"
        best = stage.alternatives[0][0] if stage.alternatives else stage.label
        return "agrees" if best == stage.header_says else "leads"

    @property
    def seen(self) -> str:
        """The most probable answer from the pixels, as pages display it; "" if there is none."""
        others = self.stage.alternatives if self.stage else []
        return MODALITIES.get(others[0][0], str(others[0][0])) if others else ""

    @property
    def others(self) -> list[tuple[str, float]]:
        """The alternatives as (title, probability), most probable first."""
        answers = self.stage.alternatives if self.stage else []
        return [(MODALITIES.get(label, label), float(share)) for label, share in answers]


def build_path(
    *, declared: Sequence[DrawnStage], stages: Iterable[Stage], heat_slices: Mapping[str, int], is_over: bool
) -> list[Step]:
    """Return the roots of the tree of all declared steps, each with the result of its stage if there is one.

    A step without a result is waiting for it, or did not run if the run has finished. `heat_slices` maps a step's
    name to the slice on which its heat map lies.
    A stage that is no longer declared (the run is older than the cascade) becomes a root of its own, at the end.
    """
    answered = {stage.name: stage for stage in stages}
    steps = {node.name: _declared_step(node, answered.get(node.name), is_over=is_over) for node in declared}
    roots: list[Step] = []
    for node in declared:
        parents = [steps[name] for name in node.after if name in steps]
        (parents[-1].children if parents else roots).append(steps[node.name])
    roots += [_former_step(stage) for name, stage in answered.items() if name not in steps]
    for step in steps_listed(roots):
        step.heat_slice = heat_slices.get(step.name)
    return roots


def steps_listed(roots: Iterable[Step]) -> list[Step]:
    """Return all steps of a tree, parents before children."""
    return [step for root in roots for step in (root, *steps_listed(root.children))]


def stage_colours(declared: Iterable[DrawnStage]) -> Mapping[tuple[str, str], str]:
    """Return the colour of each label that a stage can detect, by (stage, label)."""
    return {(node.name, label): colour for node in declared for label, colour in node.colours.items()}


def _declared_step(node: DrawnStage, stage: Stage | None, *, is_over: bool) -> Step:
    model, version = (stage.model, stage.version) if stage and stage.model else (node.model, node.version)
    return Step(node.name, node.title, node.pathway_title, model, version, stage, is_over)


def _former_step(stage: Stage) -> Step:
    return Step(stage.name, stage.title, stage.pathway, stage.model, stage.version, stage, is_over=True)
