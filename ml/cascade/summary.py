"""What the web application needs to know about the cascade, without loading a network: digest, graph, models."""

from functools import cache
from pathlib import Path
from typing import Any

from ml.cascade.pathways.declaration import Step
from ml.cascade.pathways.load import FOLDER, Cascade, cascade_load
from ml.cascade.weights import manifest_read
from ml.schemas import Answer


class DrawnStage(Answer):
    """A node of the cascade's graph.

    `after` lists its incoming edges, `finds` is the label that it detects or segments, `colours` are those of all
    labels that it may report as findings, and `experimental` says why it is experimental, "" if it is not.
    """

    name: str
    title: str
    pathway: str
    pathway_title: str
    operation: str
    model: str
    version: str
    when: dict[str, list[str]]
    after: list[str]
    finds: str
    colour: str
    colours: dict[str, str] = {}
    experimental: str = ""


class ListedModel(Answer):
    """A model of the manifest with its card (Markdown) and headline figures."""

    name: str
    version: str
    kind: str
    sha256: str
    bytes: int
    metrics: dict[str, Any]
    labels: dict[str, list[str]]
    thresholds: dict[str, float]
    card: str
    stages: list[str]


class DeclaredCode(Answer):
    """The code of a label (PS3.16 Section 8), from a public scheme or our own."""

    code: str
    scheme: str


@cache
def cascade_of(weights: Path, pathways: Path = FOLDER) -> Cascade:
    """Return the cascade, loaded once per process; changed files take effect after a restart."""
    return cascade_load(manifest_read(weights), folder=pathways)


def cascade_digest(weights: Path) -> str:
    """Return the digest that identifies all pathways, labels and models together."""
    return cascade_of(weights).digest


def pathways_drawn(weights: Path, pathways: Path = FOLDER) -> list[DrawnStage]:
    """Return the cascade's stages in running order."""
    cascade = cascade_of(weights, pathways)
    return [
        DrawnStage(
            name=step.stage.name,
            title=step.stage.title,
            pathway=step.pathway.name,
            pathway_title=step.pathway.title,
            operation=step.stage.operation,
            model=step.stage.model,
            version=cascade.models[step.stage.model].version,
            when={fact: list(values) for fact, values in step.when.items()},
            after=list(step.stage.after),
            finds=step.stage.finds or "",
            colour=cascade.label("finding", step.stage.finds).colour if step.stage.finds else "",
            colours=_colours(step, cascade),
            experimental=step.pathway.because,
        )
        for step in cascade.steps
    ]


def _colours(step: Step, cascade: Cascade) -> dict[str, str]:
    stage = step.stage
    if stage.finds:
        return {stage.finds: cascade.label("finding", stage.finds).colour}
    labels = {name: cascade.label(str(stage.asks), name) for name in cascade.models[stage.model].labels[stage.head]}
    return {name: label.colour for name, label in labels.items() if label.sentence}


def models_listed(weights: Path) -> list[ListedModel]:
    """Return every model of the manifest, with its card and the stages that use it."""
    cascade = cascade_of(weights)
    return [
        ListedModel(
            name=row.name,
            version=row.version,
            kind=row.kind,
            sha256=row.sha256,
            bytes=(weights / row.file).stat().st_size,
            metrics=row.metrics,
            labels=row.labels,
            thresholds=row.thresholds,
            card=(weights / row.card).read_text(encoding="utf-8"),
            stages=[step.stage.title for step in cascade.steps if step.stage.model == row.name],
        )
        for row in cascade.models.values()
    ]


def codes_declared(weights: Path) -> dict[str, dict[str, DeclaredCode]]:
    """Return the codes of all labels by question, and those of all labels that are not findings under "part"."""
    questions = cascade_of(weights).questions
    codes = {
        question: {name: DeclaredCode(code=label.code, scheme=label.scheme) for name, label in labels.items()}
        for question, labels in questions.items()
    }
    parts = {name: code for question, own in codes.items() if question != "finding" for name, code in own.items()}
    return {**codes, "part": parts}
