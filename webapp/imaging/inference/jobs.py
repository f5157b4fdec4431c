"""Inference runs as background work in the outbox: dispatch, supervision, collection, retries and quarantine."""

from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from webapp.foundation.accounts.models import User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.registry import Group, Kind, page_of, register
from webapp.foundation.outbox.remote import Remote, policy
from webapp.foundation.outbox.services import LeaseLostError, RetryLater, complete
from webapp.imaging.inference.collect_results import store_answer
from webapp.imaging.inference.models import Run
from webapp.imaging.inference.services import ANALYSIS, run_wait_again
from webapp.imaging.inference.state_machine import run_move
from workers import api
from workers.contracts import AnalysisRequest, AnalysisResult

#: Most runs in the queue at once; the others wait in the database, where their order can still change.
WINDOW = 16
LOST = "The worker stopped before the run finished."


def _run(item: OutboxItem) -> Run:
    return Run.objects.select_related("series__study").get(pk=item.subject)


def dispatch_run(item: OutboxItem) -> None:
    """Put a run into the queue and wake a worker for it; raises as `_move`."""
    run = _run(item)
    if run.state != Run.State.QUEUED:
        raise LeaseLostError
    _move(run, "ring", attempt=item.attempt)
    REMOTE.dispatch(item)


def _move(run: Run, event: str, *, detail: str = "", **changes: object) -> None:
    """Move the run's row to the state that matches its outbox item.

    Raises
    ------
    webapp.foundation.outbox.services.LeaseLostError
        If the run is in another state by now.
    """
    moved = run_move(run=run.pk, event=event, from_state=run.state, attempt=run.attempt, detail=detail, changes=changes)
    if not moved:
        raise LeaseLostError


def _request(item: OutboxItem) -> AnalysisRequest:
    objects = _run(item).series.instances.filter(has_pixels=True).values_list("sha256", flat=True)
    return AnalysisRequest(run=UUID(item.subject), attempt=item.attempt, objects=list(objects))


def _started(item: OutboxItem) -> None:
    _move(_run(item), "start", started_at=timezone.now())


def _rung_again(item: OutboxItem) -> None:
    run = _run(item)
    if run.state == Run.State.QUEUED:  # the process that leased the item died before it moved the run
        _move(run, "ring", attempt=item.attempt)
    else:
        _move(run, "ring_again")


def _collect(item: OutboxItem, text: str) -> None:
    result = AnalysisResult.model_validate_json(text)
    if result.answer is None:
        raise RetryLater(result.error or LOST)
    with transaction.atomic():
        complete(item)
        if not store_answer(run=_run(item), answer=result.answer):
            raise LeaseLostError


def _put_off(item: OutboxItem) -> None:
    run = _run(item)
    if run.state != Run.State.QUEUED:
        _move(run, "lose", detail=item.reason, failures=item.failures)


def _failed(item: OutboxItem, why: str) -> None:
    """Quarantine a run, with a reason that people can read."""
    run = _run(item)
    _move(
        run,
        "give_up",
        detail=why,
        failures=item.failures,
        finished_at=timezone.now(),
        outcome=Run.Outcome.FAILED,
        reason=item.reason,
        urgency=1,
        urgency_reason="Analysis failed: needs a person",
    )
    audit_record(
        code=Code.RUN_QUARANTINED,
        actor="cascade",
        study=run.series.study_id,
        success=False,
        details=f"run {run.pk}: {item.reason}",
    )


def _retried(item: OutboxItem, user: User, request: HttpRequest) -> None:
    run_wait_again(run=_run(item), user=user, request=request)


REMOTE = Remote(task=api.ANALYZE, request=_request, collect=_collect, started=_started, rung_again=_rung_again)
register(
    Kind(
        name=ANALYSIS,
        title="Analysis of a series",
        group=Group.HOUSEKEEPING,
        policy=policy(at_once=WINDOW),
        handle=dispatch_run,
        put_off=_put_off,
        failed=_failed,
        retried=_retried,
        page=page_of(Run, "series__study"),
        watch=REMOTE.watch,
        news=REMOTE.news,
    )
)
