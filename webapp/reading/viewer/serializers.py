"""Findings and heat maps of series as JSON, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from webapp.foundation.core.formatting import percent
from webapp.imaging.inference.cascade_path import stage_colours
from webapp.imaging.inference.measurement_presenters import size_line
from webapp.imaging.inference.measurements import measurements_of
from webapp.imaging.inference.models import Finding, Run, Stage
from webapp.imaging.inference.opinion_presenters import OpinionView, opinion_views
from webapp.reading.study_page.selectors import GREY, FrameIndex, run_file
from workers.api import DrawnStage


@dataclass
class RunAnswer:
    """The answer of one run: its stages by name and its findings."""

    stages: dict[str, Stage] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def load_answers(runs: Iterable[Run]) -> Mapping[UUID, RunAnswer]:
    """Return the answer of each run: three queries, however many runs there are."""
    answers: dict[UUID, RunAnswer] = defaultdict(RunAnswer)
    of_runs = [run.pk for run in runs]
    for stage in Stage.objects.filter(run__in=of_runs).order_by("run", "order"):
        answers[stage.run_id].stages[stage.name] = stage
    for finding in Finding.objects.filter(run__in=of_runs).order_by("run", "order").prefetch_related("marks"):
        answers[finding.run_id].findings.append(finding)
    return answers


def serialize_findings(answer: RunAnswer, place: FrameIndex, declared: Iterable[DrawnStage]) -> list[dict[str, Any]]:
    """Return the findings of a series as JSON; `place` says where each image stands among its slices."""
    colours = stage_colours(declared)
    return [
        _serialize_finding(number, row, answer.stages.get(row.stage), place, colours.get((row.stage, row.label), GREY))
        for number, row in enumerate(answer.findings, start=1)
    ]


def serialize_heat_maps(answer: RunAnswer, place: FrameIndex) -> list[dict[str, Any]]:
    """Return the heat maps of steps as JSON, without those that belong to a finding."""
    on_findings = {row.heat_map for row in answer.findings}
    return [
        {"title": stage.title, "image": image, "src": run_file(stage.run_id, stage.heat_map)}
        for stage in answer.stages.values()
        if stage.heat_map
        and stage.heat_map not in on_findings
        and (image := place.get((stage.heat_map_instance_id, stage.heat_map_frame))) is not None
    ]


def _serialize_finding(
    number: int, row: Finding, stage: Stage | None, place: FrameIndex, colour: str
) -> dict[str, Any]:
    # By object and frame, not by number: slices that came later, or could not be read, shift the numbers.
    image = place.get((row.instance_id, row.frame), row.slice)
    shift = image - row.slice
    return {
        "id": row.pk,
        "number": number,
        "stage": row.stage,
        "label": row.label,
        "title": row.label_title,
        "percent": percent(row.probability),
        "probability": row.probability,
        "threshold": stage.threshold if stage else None,
        "model": stage.model if stage else "",
        "version": stage.version if stage else "",
        "colour": row.colour or colour,
        "experimental": row.experimental,
        "sentence": row.sentence,
        "image": image,
        "first": row.first_slice + shift,
        "last": row.last_slice + shift,
        "marks": _serialize_marks(row, place, image),
        "heat": run_file(row.run_id, row.heat_map) or None,
        "size": size_line(measurements_of(row)),
        "opinions": [_serialize_opinion(one) for one in opinion_views(row)],
    }


def _serialize_opinion(view: OpinionView) -> dict[str, Any]:
    opinion = view.told
    return {
        "title": opinion.title,
        "answer": view.answer,
        "isAnswer": opinion.label is not None,
        "why": " ".join(word for word in (opinion.reason, opinion.why) if word),
        "beside": opinion.beside,
        "disagrees": opinion.disagrees,
        "experimental": opinion.experimental,
        "model": opinion.model,
        "version": opinion.version,
    }


def _serialize_marks(row: Finding, place: FrameIndex, image: int) -> list[dict[str, Any]]:
    """Return the marks of a finding: on each slice on which it was seen, else (for older runs) on the clearest."""
    drawn = [(place.get((mark.instance_id, mark.frame)), mark.box, mark.mask) for mark in row.marks.all()]
    if not drawn and row.box is not None:
        drawn = [(image, row.box, row.mask)]
    return [
        {"image": at, "box": box, "mask": run_file(row.run_id, mask) or None}
        for at, box, mask in drawn
        if at is not None
    ]
