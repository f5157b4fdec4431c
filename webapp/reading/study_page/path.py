"""The cascade as a tree of steps, with the path lit that one image took."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from webapp.imaging.inference.models import Stage
from webapp.imaging.inference.presenters import HEADER_WORDS, MODALITIES, STAGE_LOOKS, Look, format_range
from workers.api import DrawnStage

#: A step of a run that is not over yet.
WAITING = "waiting"


@dataclass
class Step:
    """One step of the cascade and what it said of this image."""

    name: str
    title: str
    pathway: str
    model: str
    version: str
    stage: Stage | None
    is_over: bool
    #: Slice (from 0, in the page's order) whose heat map this step drew.
    heat_slice: int | None = None
    children: list["Step"] = field(default_factory=list)

    @property
    def status(self) -> str:
        """Done, not_run, not_suitable, failed or waiting."""
        if self.stage:
            return self.stage.status
        return Stage.Status.NOT_RUN if self.is_over else WAITING

    @property
    def is_taken(self) -> bool:
        """Whether the image came through here."""
        return self.status not in {Stage.Status.NOT_RUN, WAITING}

    @property
    def look(self) -> Look:
        """How its status is shown."""
        return STAGE_LOOKS[self.status]

    @property
    def range(self) -> str:
        """How far the probability moved over slices and views; "" where it was looked at once."""
        stage = self.stage
        return format_range(stage.probability_low, stage.probability_high, stage.views) if stage else ""

    @property
    def experimental(self) -> str:
        """Why what this step said is experimental; "" where it is not, or said nothing."""
        return self.stage.experimental if self.stage and self.is_taken else ""

    @property
    def header(self) -> str:
        """What the header says to the same question, in the page's words."""
        said = self.stage.header_says if self.stage else ""
        return HEADER_WORDS.get(said, said)

    @property
    def witness(self) -> str:
        """How header and pixels stand to each other: contradicts, agrees, leads, stated, or nothing stated.

        "leads": the pixels look more like something else, but not surely enough to contradict. "stated": the
        step settled nothing, so there is nothing to agree with.
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
        """What the pixels look like most."""
        others = self.stage.alternatives if self.stage else []
        return MODALITIES.get(others[0][0], str(others[0][0])) if others else ""

    @property
    def others(self) -> list[tuple[str, float]]:
        """What else it might have been, best first."""
        answers = self.stage.alternatives if self.stage else []
        return [(MODALITIES.get(label, label), float(share)) for label, share in answers]


def build_path(
    *, declared: Sequence[DrawnStage], stages: Iterable[Stage], heat_slices: Mapping[str, int], is_over: bool
) -> list[Step]:
    """Return the roots of the tree: every declared step, with the answer of its stage where there is one.

    A step without an answer waits for it, or was never asked if the run is over. `heat_slices` says by step
    on which slice its heat map lies.
    A stage that is no longer declared (the run is older than the cascade) stands at the root, last.
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
    """Return the colour of each label that a stage can find, by stage and label."""
    return {(node.name, label): colour for node in declared for label, colour in node.colours.items()}


def _declared_step(node: DrawnStage, stage: Stage | None, *, is_over: bool) -> Step:
    model, version = (stage.model, stage.version) if stage and stage.model else (node.model, node.version)
    return Step(node.name, node.title, node.pathway_title, model, version, stage, is_over)


def _former_step(stage: Stage) -> Step:
    return Step(stage.name, stage.title, stage.pathway, stage.model, stage.version, stage, is_over=True)
