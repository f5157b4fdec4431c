"""Storing a worker's results as rows: all of them or none, and exactly once."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.imaging.archive.models import Instance
from webapp.imaging.inference.models import Finding, FindingRegion, Run, Stage
from webapp.imaging.inference.signals import run_finished
from webapp.imaging.inference.state_machine import run_move
from workers.contracts import FindingAnswer, SeriesAnswer, SliceName, StageAnswer


@dataclass(frozen=True)
class Urgency:
    """How urgently a person should look, from 0 to 3, and why."""

    level: int
    reason: str


def urgency_of(answer: SeriesAnswer) -> Urgency:
    """Return the urgency of a result: that of its most urgent finding; 1 if a person must sort it out; otherwise 0."""
    if answer.findings:
        worst = max(answer.findings, key=lambda finding: (finding.urgency, finding.probability))
        experimental = ", experimental" if worst.experimental else ""
        return Urgency(worst.urgency, f"{worst.label_title}, {worst.probability:.0%}{experimental}")
    if answer.contradictions:
        return Urgency(1, "Header and picture disagree")
    if answer.reason and answer.outcome == "negative":
        return Urgency(1, "Nothing found, but not every file could be read")
    if answer.outcome in {"not_analysed", "refused", "failed"}:
        return Urgency(1, "Not analysed: needs a person")
    return Urgency(0, "Nothing found" if answer.outcome == "negative" else "Classified only: no finding was looked for")


def store_answer(*, run: Run, answer: SeriesAnswer) -> bool:
    """Finish a run with its result; return False if it was already finished, or its attempt superseded."""
    urgency = urgency_of(answer)
    outcome = Run.Outcome.NOT_ANALYSED if answer.status != "done" else Run.Outcome(answer.outcome)
    with transaction.atomic():
        finished = run_move(
            run=run.pk,
            event="finish",
            from_state=run.state,
            attempt=run.attempt,
            changes={
                "finished_at": timezone.now(),
                "outcome": outcome,
                "reason": (answer.reason or "")[:500],
                "modality": answer.modality or "",
                "region": answer.region or "",
                "plane": answer.plane or "",
                "contradictions": answer.contradictions,
                "pathways": answer.pathways,
                "total_ms": answer.total_ms,
                "urgency": urgency.level,
                "urgency_reason": urgency.reason,
            },
        )
        if finished:
            # By the original digest, too: a picture may have been wrapped while the run was reading it.
            instances = {
                digest: one for one in run.series.instances.all() for digest in (one.original_sha256, one.sha256)
            }
            Stage.objects.bulk_create(
                _stage(run, order, stage, answer, instances) for order, stage in enumerate(answer.stages)
            )
            findings = Finding.objects.bulk_create(
                _finding(run, order, finding, answer, instances) for order, finding in enumerate(answer.findings)
            )
            FindingRegion.objects.bulk_create(
                mark
                for row, finding in zip(findings, answer.findings, strict=True)
                for mark in _marks(row, finding, answer, instances)
            )
            audit_record(
                code=Code.RUN_FINISHED,
                actor="cascade",
                study=run.series.study_id,
                details=f"run {run.pk}: {outcome.label.lower()}",
            )
            run_finished.send(sender=Run, run=run.pk)
    return finished


def _stage(run: Run, order: int, answer: StageAnswer, series: SeriesAnswer, instances: dict[str, Instance]) -> Stage:
    shown = series.slices[answer.heat_map_slice] if answer.heat_map_slice is not None else None
    return Stage(
        run=run,
        order=order,
        name=answer.name,
        title=answer.title,
        pathway=answer.pathway,
        status=answer.status,
        model=answer.model or "",
        version=answer.version or "",
        label=answer.label or "",
        label_title=answer.label_title or "",
        probability=answer.probability,
        probability_low=answer.probability_low,
        probability_high=answer.probability_high,
        views=answer.views,
        threshold=answer.threshold,
        ms=answer.ms,
        reason=(answer.reason or "")[:500],
        header_says=(answer.header_says or "")[:80],
        contradiction=answer.contradiction,
        alternatives=answer.alternatives,
        heat_map=answer.heat_map or "",
        heat_map_slice=answer.heat_map_slice,
        # Object and frame, too: slices that arrive later or were left out shift the slice numbers.
        heat_map_instance=_instance(shown, instances) if shown else None,
        heat_map_frame=shown.frame if shown else 0,
        experimental=answer.experimental,
    )


def _finding(
    run: Run, order: int, answer: FindingAnswer, series: SeriesAnswer, instances: dict[str, Instance]
) -> Finding:
    shown = series.slices[answer.slice]
    return Finding(
        run=run,
        order=order,
        stage=answer.stage,
        label=answer.label,
        label_title=answer.label_title,
        probability=answer.probability,
        sentence=answer.sentence[:300],
        slice=answer.slice,
        first_slice=answer.first_slice,
        last_slice=answer.last_slice,
        instance=_instance(shown, instances),
        frame=shown.frame,
        box=answer.box,
        mask=answer.mask or "",
        heat_map=answer.heat_map or "",
        code=answer.code.value if answer.code else "",
        code_scheme=answer.code.scheme if answer.code else "",
        code_meaning=answer.code.meaning[:64] if answer.code else "",
        colour=answer.colour,
        outlined_by=answer.outlined_by or "",
        measures=answer.measures.model_dump(mode="json") if answer.measures else {},
        opinions=[opinion.model_dump(mode="json") for opinion in answer.opinions],
        experimental=answer.experimental,
    )


def _marks(
    finding: Finding, answer: FindingAnswer, series: SeriesAnswer, instances: dict[str, Instance]
) -> Iterator[FindingRegion]:
    for mark in answer.marks:
        shown = series.slices[mark.slice]
        yield FindingRegion(
            finding=finding,
            slice=mark.slice,
            instance=_instance(shown, instances),
            frame=shown.frame,
            box=mark.box,
            mask=mark.mask or "",
        )


def _instance(shown: SliceName, instances: dict[str, Instance]) -> Instance:
    """Return the instance of a slice: the file that the run read is named by its digest, like every stored object."""
    return instances[shown.path.rsplit("/", 1)[-1]]
