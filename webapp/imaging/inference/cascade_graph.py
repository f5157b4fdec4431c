"""Layout of the cascade's graph: one column per depth, one row per leaf, curves between steps."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.text import Truncator

from webapp.foundation.core.formatting import milliseconds, percent
from webapp.imaging.inference.cascade_path import Step
from workers.api import DrawnStage

#: Dimensions of the graph (pixels at full size): width and height of a box, column and row pitch, outer margin.
WIDTH, HEIGHT, ACROSS, DOWN, MARGIN = 212, 92, 248, 108, 4


@dataclass(frozen=True)
class Text:
    """One line of text in a box."""

    words: str
    kind: str
    y: int


@dataclass(frozen=True)
class Node:
    """A box of the graph; `told` is its text in full, which the lines in the box may truncate."""

    stage: DrawnStage
    x: float
    y: float
    texts: list[Text]
    told: str
    status: str = ""
    is_lit: bool = False
    contradicts: bool = False


@dataclass(frozen=True)
class Curve:
    """A curve between two steps, as an SVG path."""

    path: str
    is_lit: bool


@dataclass(frozen=True)
class Graph:
    """The boxes and curves, and the overall size."""

    nodes: list[Node]
    curves: list[Curve]
    width: float
    height: float


def layout_graph(stages: Sequence[DrawnStage], steps: Sequence[Step] = ()) -> Graph:
    """Return the layout of a graph of stages, given in running order (each after those it depends on).

    With the steps of a run, its path is highlighted and each box shows the result of its step; without them, each box
    shows the condition under which its step runs.
    """
    depth: dict[str, int] = {}
    for stage in stages:
        depth[stage.name] = 1 + max((depth[name] for name in stage.after), default=-1)
    rows = _rows(stages)
    of_run = {step.name: step for step in steps}
    nodes = [
        _node(stage, of_run.get(stage.name), x=MARGIN + depth[stage.name] * ACROSS, y=MARGIN + rows[stage.name] * DOWN)
        for stage in stages
    ]
    place = {node.stage.name: node for node in nodes}
    return Graph(
        nodes,
        [_curve(place[name], node) for node in nodes for name in node.stage.after],
        width=2 * MARGIN + max(depth.values(), default=0) * ACROSS + WIDTH,
        height=2 * MARGIN + max(rows.values(), default=0.0) * DOWN + HEIGHT,
    )


def _node(stage: DrawnStage, step: Step | None, *, x: float, y: float) -> Node:
    condition = describe_condition(stage)
    if step is None:
        lines = (f"{stage.model} {stage.version}", *condition.split("; "))
        return Node(stage, x, y, _texts(stage.title, *lines), told=f"{stage.title}: asked for {condition}")
    if not step.is_taken:
        said = step.stage.reason if step.stage else ""
        told = f"{stage.title}: {step.look.word}. {said}"
        return Node(
            stage, x, y, _texts(stage.title, step.look.word, *condition.split("; ")), told=told, status=step.status
        )
    answer = step.stage.label_title if step.stage and step.stage.label_title else step.look.word
    probability = percent(step.stage.probability) if step.stage else ""
    took = milliseconds(step.stage.ms) if step.stage else ""
    contradicts = step.stage is not None and step.stage.contradiction
    sure = " · ".join(word for word in (probability, took) if word)
    texts = _texts(stage.title, answer, sure, "Experimental" if step.experimental else f"{step.model} {step.version}")
    return Node(
        stage,
        x,
        y,
        texts,
        told=f"{stage.title}: {answer} {probability}{', experimental' if step.experimental else ''}",
        status=step.status,
        is_lit=True,
        contradicts=contradicts,
    )


def _texts(*lines: str) -> list[Text]:
    places = (("name", 22, 22), ("middle", 43, 24), ("last", 62, 28), ("last", 80, 28))
    return [Text(Truncator(words).chars(most), kind, y) for words, (kind, y, most) in zip(lines, places, strict=False)]


def describe_condition(stage: DrawnStage) -> str:
    """Return the condition under which a step runs, in a few words."""
    told = []
    for fact, values in stage.when.items():
        words = ", ".join(values[:2]) + (f" or {len(values) - 2} more" if len(values) > 2 else "")
        told.append(f"{fact} {words}")
    return "; ".join(told) or "always"


def _rows(stages: Sequence[DrawnStage]) -> dict[str, float]:
    """Return each stage's row: leaves get one each, in tree order; a parent is centred on its children."""
    children: dict[str, list[str]] = {stage.name: [] for stage in stages}
    for stage in stages:
        if stage.after:
            children[stage.after[-1]].append(stage.name)
    rows: dict[str, float] = {}
    leaves = 0

    def place(name: str) -> float:
        nonlocal leaves
        below = [place(child) for child in children[name]]
        if not below:
            leaves += 1
        rows[name] = (below[0] + below[-1]) / 2 if below else float(leaves - 1)
        return rows[name]

    for stage in stages:
        if not stage.after:
            place(stage.name)
    return rows


def _curve(start: Node, end: Node) -> Curve:
    x0, y0, x1, y1 = start.x + WIDTH, start.y + HEIGHT / 2, end.x, end.y + HEIGHT / 2
    middle = (x0 + x1) / 2
    path = f"M{x0:.0f} {y0:.0f}C{middle:.0f} {y0:.0f} {middle:.0f} {y1:.0f} {x1:.0f} {y1:.0f}"
    return Curve(path, is_lit=start.is_lit and end.is_lit)
