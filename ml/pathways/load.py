"""Load the pathway files into one cascade, and refuse one that cannot work before it meets a patient."""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ml.pathways.declaration import Label, Pathway, StageDeclaration
from ml.weights import ModelRow

FOLDER = Path(__file__).resolve().parent
LABELS = "labels.toml"
KIND_OF = {"gate": "classify", "classify": "classify", "detect": "detect", "segment": "segment"}


class PathwayError(Exception):
    """A declaration cannot work; the message names the file's pathway and stage. The operator must act."""


@dataclass(frozen=True)
class Step:
    """A stage in its pathway, with both their conditions."""

    pathway: Pathway
    stage: StageDeclaration
    when: Mapping[str, list[str]]


@dataclass(frozen=True)
class Cascade:
    """All pathways as one graph, checked, in an order in which they can run.

    Attributes
    ----------
    questions
        Question -> label name -> Label.
    silent
        Witness -> header words that state nothing.
    digest
        sha256 over the declarations, the labels and the digests of the models they use.
    """

    steps: tuple[Step, ...]
    questions: Mapping[str, Mapping[str, Label]]
    silent: Mapping[str, list[str]]
    models: Mapping[str, ModelRow]
    digest: str

    def label(self, question: str, name: str) -> Label:
        """Return a label of a question."""
        return self.questions[question][name]


def cascade_load(models: Mapping[str, ModelRow], *, folder: Path = FOLDER) -> Cascade:
    """Read and check every pathway file in a folder.

    Parameters
    ----------
    models
        The weights' manifest by model name.

    Raises
    ------
    PathwayError
        If a file is malformed, a stage is named twice, the graph has a cycle, a condition can never hold,
        a model is missing or of another kind, or a label is not declared.
    """
    questions, silent = _labels_read(folder / LABELS)
    pathways = [_pathway_read(file) for file in sorted(folder.glob("*.toml")) if file.name != LABELS]
    steps = _ordered(_steps(pathways))
    for index, step in enumerate(steps):
        _check_model(step, models, questions)
        _check_conditions(step, steps[:index], questions)
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
        order = TopologicalSorter({name: step.stage.after for name, step in steps.items()}).static_order()
        return [steps[name] for name in order]
    except CycleError as error:
        raise PathwayError(f"The stages wait for each other in a circle: {' -> '.join(error.args[1])}.") from error


def _check_model(step: Step, models: Mapping[str, ModelRow], questions: Mapping[str, Mapping[str, Label]]) -> None:
    stage = step.stage
    row = models.get(stage.model)
    if row is None:
        raise PathwayError(f"Stage {stage.name} needs the model {stage.model}, which the manifest does not list.")
    if row.kind != KIND_OF[stage.operation]:
        raise PathwayError(f"Stage {stage.name} wants to {stage.operation} with {stage.model}, a model to {row.kind}.")
    if stage.head not in row.labels:
        raise PathwayError(f"Stage {stage.name} reads the head {stage.head}, which {stage.model} does not have.")
    question = "finding" if stage.finds else str(stage.asks)
    if question not in questions:
        raise PathwayError(f"Stage {stage.name} asks {question}, which {LABELS} does not declare.")
    wanted = [stage.finds] if stage.finds else row.labels[stage.head]
    if missing := set(wanted) - set(questions[question]):
        raise PathwayError(f"Stage {stage.name} may answer {', '.join(sorted(missing))}, not declared for {question}.")
    if (stage.operation in {"detect", "segment"}) != (stage.finds is not None):
        raise PathwayError(f"Stage {stage.name}: detecting and segmenting stages state what they find, others do not.")


def _check_conditions(step: Step, earlier: list[Step], questions: Mapping[str, Mapping[str, Label]]) -> None:
    writers = [other for other in earlier if other.stage.writes]
    for fact, values in step.when.items():
        possible = {
            value
            for other in writers
            if other.stage.writes == fact and other.stage.asks
            for value in questions[other.stage.asks]
        }
        if impossible := set(values) - possible:
            raise PathwayError(
                f"Stage {step.stage.name} waits for {fact} = {', '.join(sorted(impossible))}, "
                "which nothing before it answers."
            )
    if step.stage.slices == "found" and not any(
        other.stage.name in step.stage.after and other.stage.finds == step.stage.finds for other in earlier
    ):
        raise PathwayError(f"Stage {step.stage.name} looks where something was found, but comes after no such stage.")


def _digest(
    pathways: list[Pathway],
    questions: Mapping[str, Mapping[str, Label]],
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
