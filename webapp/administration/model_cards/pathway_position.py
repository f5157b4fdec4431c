"""Where a model stands: the pathways that it serves, drawn up to their roots, with its own steps lit."""

from collections.abc import Sequence
from dataclasses import replace

from webapp.imaging.inference.cascade_graph import Graph, layout_graph
from workers.api import DrawnStage


def pathway_graph(stages: Sequence[DrawnStage], model: str) -> Graph:
    """Draw the pathways in which `model` has a step, and all steps that lead there.

    Parameters
    ----------
    stages
        The declared cascade in running order.
    """
    pathways = {stage.pathway for stage in stages if stage.model == model}
    wanted: set[str] = set()
    for stage in reversed(stages):
        if stage.pathway in pathways or stage.name in wanted:
            wanted |= {stage.name, *stage.after}
    graph = layout_graph([stage for stage in stages if stage.name in wanted])
    return replace(graph, nodes=[replace(node, is_lit=node.stage.model == model) for node in graph.nodes])
