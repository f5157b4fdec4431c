"""The cascade from end to end: each stage's errors take from what the next one can still find.

For every stage that finds or describes, over the test pictures that show it: how many each stage before it lets
through when all others are right, their product, and beside it what comes out when the whole cascade runs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.cascade.analyse import Analyst
from ml.cascade.case_context import Course, Task
from ml.cascade.operations import OPERATIONS
from ml.cascade.pathways.declaration import Step
from ml.cascade.runtime import Network, TorchNetwork, served_on_cpu
from ml.cascade.weights import ModelRow
from ml.dicomio.series import slices_read
from ml.lab.data import Picture, in_split
from ml.lab.evaluate.figures import Figure, share_figure
from ml.lab.evaluate.format_comparison import alternated
from ml.lab.evaluate.intervals import summed_interval
from ml.lab.evaluate.pathway_routes import Way, configs_shipped, truth_of, ways_through
from ml.lab.evaluate.report import WEIGHTS, Report
from ml.lab.train.config import Config
from ml.schemas import SeriesAnswer, StageAnswer

Loading = Callable[[ModelRow, Path], Network]


class OneForm(Analyst):
    """The cascade with all its networks in one form."""

    def __init__(self, weights: Path, load: Loading) -> None:
        super().__init__(weights, device="cpu")
        self._load = load

    def network(self, name: str) -> Network:
        """A model, loaded when first asked for."""
        return self._network(name)

    def _network(self, name: str) -> Network:
        if name not in self._networks:
            self._networks[name] = self._load(self.cascade.models[name], self._weights)
        return self._networks[name]


@dataclass(frozen=True)
class Passed:
    """What came through, one row a picture.

    Attributes
    ----------
    alone
        Whether each stage before the end lets a picture on, and whether the end answers rightly, each with all
        before it right; shape (N, stages).
    reached, found
        Whether the end was asked, and whether it answered rightly, when the whole cascade ran; shape (N,).
    """

    alone: NDArray[np.bool_]
    reached: NDArray[np.bool_]
    found: NDArray[np.bool_]


def cascade_report(folder: Path, pictures: list[Picture], *, weights: Path = WEIGHTS, rounds: int = 4) -> Report:
    """Judge every way through the served cascade, and its speed beside eager PyTorch in so many rounds."""
    served, configs, report = OneForm(weights, served_on_cpu), configs_shipped(), Report()
    all_found: list[NDArray[np.bool_]] = []
    all_groups: list[str] = []
    for way in ways_through(served.cascade, configs):
        judged = way.pictures(pictures)
        if judged:
            passed = _passed(served, way, folder, judged, configs)
            groups = [picture.group for picture in judged]
            _told(report, way, passed, groups)
            if way.end.stage.beside is None:  # A second opinion of the same pictures counts for itself alone.
                all_found.append(passed.found)
                all_groups += groups
    if all_found:
        report.headline["end-to-end accuracy"] = share_figure(np.concatenate(all_found), all_groups)
    _speed(report, served, OneForm(weights, _eager), folder, pictures, rounds)
    report.about = {"name": "cascade", "table": "cascade", "cascade_digest": served.cascade.digest}
    return report


def _eager(row: ModelRow, weights: Path) -> Network:
    """Load a network on eager PyTorch; a model to measure has one form."""
    return TorchNetwork(row, weights, device="cpu") if row.openvino else served_on_cpu(row, weights)


def _passed(
    analyst: OneForm, way: Way, folder: Path, judged: Sequence[Picture], configs: Mapping[str, Config]
) -> Passed:
    alone, whole = [], []
    for picture in judged:
        file = folder / picture.path
        alone.append(_alone(analyst, way, file, picture, configs))
        whole.append(analyst.analyze([file]))
    said = [_stage_of(answer, way.end) for answer in whole]
    reached = [answer is not None and answer.status != "not_run" for answer in said]
    found = [_is_right(answer, way.answer(p)) for answer, p in zip(said, judged, strict=True)]
    return Passed(np.array(alone), np.array(reached), np.array(found))


def _alone(analyst: OneForm, way: Way, file: Path, picture: Picture, configs: Mapping[str, Config]) -> list[bool]:
    """Run each stage of a way on a picture as if all the others had been right."""
    course = Course(analyst.cascade, slices_read([file], aside={}), {}, None)
    truth = {str(step.stage.writes): truth_of(step, picture, configs) for step in way.before}
    passes = []
    for step in way.before:
        fact = str(step.stage.writes)
        course.facts = {name: value for name, value in truth.items() if name != fact}
        _run(analyst, step, course)
        passes.append(course.facts.get(fact) in way.wanted[fact])
    course.facts = dict(truth)
    for step in analyst.cascade.steps:
        if step.stage.name in way.end.stage.after and step.stage.operation == "detect":
            _run(analyst, step, course)
    return [*passes, _is_right(_run(analyst, way.end, course), way.answer(picture))]


def _run(analyst: OneForm, step: Step, course: Course) -> StageAnswer:
    return OPERATIONS[step.stage.operation](Task(step, analyst.network(step.stage.model), course))


def _stage_of(answer: SeriesAnswer, step: Step) -> StageAnswer | None:
    return next((stage for stage in answer.stages if stage.name == step.stage.name), None)


def _is_right(answer: StageAnswer | None, wanted: str) -> bool:
    return answer is not None and answer.status == "done" and answer.label == wanted


def _told(report: Report, way: Way, passed: Passed, groups: list[str]) -> None:
    end = way.end
    note = (
        f"Test pictures that show it (n = {len(groups)}). Each stage with all before it right; their product; and "
        "what the whole cascade did with the same pictures."
    )
    table = report.table(f"{end.pathway.title}: {end.stage.title}", note)
    for step, column in zip((*way.before, end), passed.alone.T, strict=True):
        table.figures[f"{step.stage.title} alone"] = share_figure(column, groups)
    table.figures["product up to the last stage"] = _product(passed.alone[:, :-1], groups)
    table.figures["reached the last stage, counted"] = share_figure(passed.reached, groups)
    table.figures["product of all"] = _product(passed.alone, groups)
    table.figures["found from end to end, counted"] = share_figure(passed.found, groups)
    report.headline |= {
        f"{end.stage.name}: product of all stages": table.figures["product of all"],
        f"{end.stage.name}: found from end to end": table.figures["found from end to end, counted"],
    }


def _product(alone: NDArray[np.bool_], groups: list[str]) -> Figure:
    """Product of the stages' shares, bootstrapped over groups; where all passed, as sure as that share."""
    if alone.all():
        return share_figure(np.asarray(alone.all(axis=1)), groups)
    parts = np.column_stack([alone.astype(np.float64), np.ones(len(alone))])

    def product(sums: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.prod(sums[:, :-1] / sums[:, -1:], axis=1), np.float64)

    value = float(np.prod(alone.mean(0)))
    return Figure(value, len(alone), *summed_interval(groups, parts, product))


def _speed(
    report: Report, served: OneForm, eager: OneForm, folder: Path, pictures: Sequence[Picture], rounds: int
) -> None:
    """Time the whole cascade on one test picture of each modality, both forms in turns."""
    tested = in_split(pictures, "test")
    chosen = {p.modality: folder / p.path for p in reversed(tested)}
    rows = [["picture", "served, ms", "PyTorch, ms", "times as fast"]]
    spent = []
    for modality, file in sorted(chosen.items()):
        quick, slow = alternated(partial(served.analyze, [file]), partial(eager.analyze, [file]), rounds=rounds)
        spent.append((quick, slow))
        rows.append([modality, f"{quick:.0f}", f"{slow:.0f}", f"{slow / quick:.1f}"])
    quick, slow = (sum(column) for column in zip(*spent, strict=True))
    rows.append(["all", f"{quick:.0f}", f"{slow:.0f}", f"{slow / quick:.1f}"])
    report.counts["Speed of the whole cascade, files read and all, in turns (ABBA, one run)"] = rows
