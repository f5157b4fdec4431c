"""The declared cascade as a drawing: columns by depth, a row a leaf, curves from step to step."""

from collections.abc import Sequence
from dataclasses import dataclass

from workers.api import DrawnStage

#: Measures of the drawing, in its own units (pixels at full size).
WIDTH, HEIGHT, ACROSS, DOWN, MARGIN = 196, 78, 244, 96, 12


@dataclass(frozen=True)
class Node:
    """A box of the drawing."""

    stage: DrawnStage
    x: float
    y: float
    condition: str


@dataclass(frozen=True)
class Graph:
    """Boxes and curves, and the size of the whole."""

    nodes: list[Node]
    curves: list[str]
    width: float
    height: float


def graph_drawn(stages: Sequence[DrawnStage]) -> Graph:
    """Lay out stages that come in running order (each after those it waits for)."""
    depth: dict[str, int] = {}
    for stage in stages:
        depth[stage.name] = 1 + max((depth[name] for name in stage.after), default=-1)
    rows = _rows(stages)
    nodes = [
        Node(stage, MARGIN + depth[stage.name] * ACROSS, MARGIN + rows[stage.name] * DOWN, condition_told(stage))
        for stage in stages
    ]
    place = {node.stage.name: node for node in nodes}
    curves = [_curve(place[name], node) for node in nodes for name in node.stage.after]
    return Graph(
        nodes,
        curves,
        width=2 * MARGIN + max(depth.values(), default=0) * ACROSS + WIDTH,
        height=2 * MARGIN + max(rows.values(), default=0.0) * DOWN + HEIGHT,
    )


def condition_told(stage: DrawnStage) -> str:
    """Return when a step is asked, as a few words."""
    told = []
    for fact, values in stage.when.items():
        words = ", ".join(values[:3]) + (f" and {len(values) - 3} more" if len(values) > 3 else "")
        told.append(f"{fact} {words}")
    return "; ".join(told) or "always"


def _rows(stages: Sequence[DrawnStage]) -> dict[str, float]:
    """Give each leaf a row of its own, in order of the tree, and each parent the middle of its children."""
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


def _curve(start: Node, end: Node) -> str:
    x0, y0, x1, y1 = start.x + WIDTH, start.y + HEIGHT / 2, end.x, end.y + HEIGHT / 2
    middle = (x0 + x1) / 2
    return f"M{x0:.0f} {y0:.0f}C{middle:.0f} {y0:.0f} {middle:.0f} {y1:.0f} {x1:.0f} {y1:.0f}"
