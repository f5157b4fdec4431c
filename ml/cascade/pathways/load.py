"""Loads the pathway files into one cascade, and refuses one that cannot work."""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ml.cascade.pathways.checks import Questions, steps_checked
from ml.cascade.pathways.declaration import Label, Pathway, PathwayError, Step
from ml.cascade.weights import ModelRow

FOLDER = Path(__file__).resolve().parent
LABELS = "labels.toml"


@dataclass(frozen=True)
class Cascade:
    """All pathways as one checked graph, in running order.

    Attributes
    ----------
    questions
        Question -> label name -> Label.
    silent
        Header fact -> values that state nothing.
    digest
        SHA-256 of the declarations, the labels and the manifest rows of the models they use.
    """

    steps: tuple[Step, ...]
    questions: Questions
    silent: Mapping[str, list[str]]
    models: Mapping[str, ModelRow]
    digest: str

    def label(self, question: str, name: str) -> Label:
        """Return a label of a question."""
        return self.questions[question][name]


def cascade_load(models: Mapping[str, ModelRow], *, folder: Path = FOLDER) -> Cascade:
    """Return the cascade of all pathway files in a folder, after checking it.

    Parameters
    ----------
    models
        The weights' manifest by model name.

    Raises
    ------
    PathwayError
        If a file is malformed, a stage or a label is declared twice, the graph has a cycle, or a stage cannot
        work (see `ml.cascade.pathways.checks`).
    """
    shared, silent = _labels_read(folder / LABELS)
    pathways = [_pathway_read(file) for file in sorted(folder.glob("*.toml")) if file.name != LABELS]
    questions = _merged(shared, pathways)
    steps = _ordered(_steps(pathways))
    steps_checked(steps, models, questions)
    return Cascade(tuple(steps), questions, silent, models, _digest(pathways, questions, silent, steps, models))


def _labels_read(file: Path) -> tuple[dict[str, dict[str, Label]], dict[str, list[str]]]:
    try:
        raw = tomllib.loads(file.read_text())
        questions = {
            question: {name: Label.model_validate(label) for name, label in labels.items()}
            for question, labels in raw["questions"].items()
        }
    except (ValidationError, ValueError, KeyError) as error:
        raise PathwayError(f"{file.name}: {error}") from error
    return questions, raw.get("silent", {})


def _pathway_read(file: Path) -> Pathway:
    try:
        return Pathway.model_validate(tomllib.loads(file.read_text()))
    except (ValidationError, ValueError) as error:
        raise PathwayError(f"{file.name}: {error}") from error


def _merged(shared: Mapping[str, Mapping[str, Label]], pathways: list[Pathway]) -> Questions:
    """Return the shared labels and those that pathways declare themselves."""
    questions = {question: dict(labels) for question, labels in shared.items()}
    for pathway in pathways:
        for question, labels in pathway.labels.items():
            known = questions.setdefault(question, {})
            if twice := sorted(known.keys() & labels.keys()):
                raise PathwayError(f"Pathway {pathway.name} declares {question} {twice[0]}, which is declared already.")
            known.update(labels)
    return questions


def _steps(pathways: list[Pathway]) -> dict[str, Step]:
    steps: dict[str, Step] = {}
    for pathway in pathways:
        for stage in pathway.stages:
            if stage.name in steps:
                raise PathwayError(f"Two stages are called {stage.name}.")
            steps[stage.name] = Step(pathway, stage, {**pathway.when, **stage.when})
    return steps


def _ordered(steps: dict[str, Step]) -> list[Step]:
    for step in steps.values():
        for earlier in step.stage.after:
            if earlier not in steps:
                raise PathwayError(f"Stage {step.stage.name} comes after {earlier}, which no pathway declares.")
    try:
        order = TopologicalSorter({name: _waits_for(step, steps) for name, step in steps.items()}).static_order()
        return [steps[name] for name in order]
    except CycleError as error:
        raise PathwayError(f"The stages wait for each other in a circle: {' -> '.join(error.args[1])}.") from error


def _waits_for(step: Step, steps: Mapping[str, Step]) -> list[str]:
    """Return the stages that must run before a stage: those in `after`, and the one it is compared with."""
    beside = step.stage.beside
    return [*step.stage.after, beside] if beside is not None and beside in steps else step.stage.after


def _digest(
    pathways: list[Pathway],
    questions: Questions,
    silent: Mapping[str, list[str]],
    steps: list[Step],
    models: Mapping[str, ModelRow],
) -> str:
    used = {step.stage.model for step in steps}
    told: dict[str, Any] = {
        "pathways": [pathway.model_dump(mode="json") for pathway in pathways],
        "labels": {
            question: {name: label.model_dump(mode="json") for name, label in labels.items()}
            for question, labels in questions.items()
        },
        "silent": dict(silent),
        "models": {name: models[name].model_dump(mode="json", exclude={"card", "metrics"}) for name in sorted(used)},
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
