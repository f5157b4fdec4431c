"""``python -m ml.lab.evaluate.explain CONFIG...``: do the maps that the page shows explain anything?

Two checks, on test pictures. A map must change when the weights that it is said to explain are shuffled (Adebayo et
al. 2018). And its highest place should lie in what a person drew (the pointing game, Zhang et al. 2018), more often
than a blind throw or the middle of the picture does. Writes ``runs/<name>-<version>/explain.json`` and, for networks
that look for what has boxes, a grid of example maps, ``explain.png``.
"""

import sys
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ml.cascade.networks import build
from ml.cascade.prepare import Placement
from ml.cascade.weights import ModelRow
from ml.lab.data import Picture, squares_read
from ml.lab.evaluate.examples import CAPTION, grid_drawn
from ml.lab.evaluate.maps import STEPS, Question, boxed_share, likeness, maps_of, pointed, points_hit, weights_shuffled
from ml.lab.evaluate.metrics import Figure, mean_figure, share_figure
from ml.lab.evaluate.report import Report, markdown, report_written
from ml.lab.evaluate.runs import run_row
from ml.lab.evaluate.test_sets import judged_pictures
from ml.lab.train.cli import each, parser_of
from ml.lab.train.config import Config
from ml.lab.train.heads import UNKNOWN

#: Pictures of the sanity check: every one goes through the network five times.
SANITY = 60
#: Above this mean rank correlation to a network of shuffled weights, a map shows the picture and not the network.
STILL_ALIKE = 0.5
#: Networks with shuffled weights that each step is averaged over.
SEEDS = (1, 2)


def explained(config: Config, module: nn.Module, folder: Path, pictures: list[Picture], *, grid: Path) -> Report:
    """Measure one network's maps and draw its examples into `grid`."""
    row, report = run_row(config), Report()
    judged = judged_pictures(config, pictures)
    squares, _ = squares_read(folder, _some(judged), size=config.size)
    for question in _questions(config, _some(judged)):
        sanity_told(report, module, row, squares, question, [p.group for p in _some(judged)])
    boxed = [p for p in judged if p.boxes]
    if not boxed:
        report.counts["The pointing game was not played"] = [["why"], ["no test picture of this model has a box"]]
        return report
    squares, placements = squares_read(folder, boxed, size=config.size)
    _pointing(report, config, module, row, boxed, squares, placements)
    maps = maps_of(module, row, squares, _questions(config, boxed)[-1])
    grid_drawn(boxed, placements, maps, grid)
    report.about["pictures"] = CAPTION
    return report


def sanity_told(
    report: Report, module: nn.Module, row: ModelRow, squares: NDArray[np.uint8], question: Question, groups: list[str]
) -> bool:
    """Add how like the maps are to those of the same network with shuffled weights.

    Returns
    -------
    bool
        Whether they are maps of the network: with all layers shuffled, hardly anything of them is left.
    """
    before = maps_of(module, row, squares, question)
    name = f" of {question.head}" if question.head else ""
    note = (
        "Mean rank correlation of each picture's map with its map after the weights were shuffled, from the output "
        f"back; 1 is the same map. With all layers shuffled it must be under {STILL_ALIKE}."
    )
    table = report.table(f"Maps{name} beside those of shuffled weights", note, percent=False)
    for step, share in STEPS.items():
        table.figures[step] = _likeness_shuffled(module, row, squares, question, before, share, groups)
    alike = table.figures["all layers"]
    report.headline[f"map{name} left when all layers are shuffled"] = alike
    return alike.value < STILL_ALIKE


def _likeness_shuffled(
    module: nn.Module,
    row: ModelRow,
    squares: NDArray[np.uint8],
    question: Question,
    before: NDArray[np.float32],
    share: float,
    groups: list[str],
) -> Figure:
    alike = []
    for seed in SEEDS:
        shuffled = deepcopy(module)
        weights_shuffled(shuffled, share, last=_last_layers(row), seed=seed)
        alike.append(likeness(before, maps_of(shuffled, row, squares, question)))
    return mean_figure(np.mean(alike, axis=0), groups)


def _last_layers(row: ModelRow) -> int:
    """How many layers give the answers: one a head, a detector's three for each of three scales, a segmenter's one."""
    return {"classify": len(row.labels), "detect": 9, "segment": 1}[row.kind]


def _questions(config: Config, pictures: list[Picture]) -> list[Question]:
    """One question a head that all these pictures teach, findings last; one in all for other networks."""
    if config.task != "classifier":
        return [Question("", np.zeros(len(pictures), np.intp))]
    found = []
    for name, head in sorted(config.heads.items(), key=lambda item: item[1].read == "finding"):
        labels = np.array([head.answer(p) for p in pictures], np.intp)
        if head.read and (labels != UNKNOWN).all():
            found.append(Question(name, labels))
    return found


def _pointing(
    report: Report,
    config: Config,
    module: nn.Module,
    row: ModelRow,
    boxed: list[Picture],
    squares: NDArray[np.uint8],
    placements: list[Placement],
) -> None:
    note = "Test pictures with a drawn box: share whose map is highest inside one, beside what knows nothing."
    table = report.table("Pointing game", note)
    groups = [p.group for p in boxed]
    for question in _questions(config, boxed):
        points = pointed(maps_of(module, row, squares, question), config.size)
        name = f"map of {question.head}" if question.head else "map"
        hits = points_hit(points, boxed, placements)
        table.figures[name] = report.headline[f"{name} points into a box"] = share_figure(hits, groups)
        for source in sorted({p.collection for p in boxed}):
            at = np.array([p.collection == source for p in boxed])
            table.figures[f"{name}: {source}"] = share_figure(
                hits[at], [p.group for p in boxed if p.collection == source]
            )
    middle = np.full((len(boxed), 2), config.size / 2)
    table.figures["the middle of the picture"] = share_figure(points_hit(middle, boxed, placements), groups)
    table.figures["a blind throw"] = mean_figure(boxed_share(boxed, placements), groups)


def _some(pictures: list[Picture]) -> list[Picture]:
    """At most `SANITY` of these, evenly over their order."""
    return pictures[:: max(1, -(-len(pictures) // SANITY))]


def main(arguments: list[str] | None = None) -> int:
    """Check the maps of every network named; 0 when all were, 2 when one could not be."""
    chosen = parser_of("python -m ml.lab.evaluate.explain", __doc__).parse_args(arguments)
    return each(chosen.configs, chosen.profile, _told)


def _told(config: Config, folder: Path, pictures: list[Picture]) -> None:
    report = explained(config, trained(config), folder, pictures, grid=config.folder / "explain.png")
    report.about |= {"name": config.name, "version": config.version, "profile": config.profile}
    report_written(report, config.folder / "explain.json")
    print(markdown(report), flush=True)


def trained(config: Config) -> nn.Module:
    """The best weights of a run, ready to answer.

    Raises
    ------
    FileNotFoundError
        If the run has no weights yet.
    """
    file = config.folder / "best.pt"
    if not file.exists():
        raise FileNotFoundError(f"{config.key} has no weights yet; train it first.")
    row = run_row(config)
    module = build(row.architecture, row.options)
    module.load_state_dict(torch.load(file, weights_only=True, map_location="cpu"))
    return module.eval()


if __name__ == "__main__":
    sys.exit(main())
