"""Making, ringing, watching and retrying runs. Safe to run twice at once: every move is conditional."""

import hashlib
import logging
from datetime import timedelta

from django.db import OperationalError, transaction
from django.db.models import F, Q
from django.http import HttpRequest
from django.utils import timezone
from pydantic import ValidationError

from webapp.foundation.accounts.models import User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.foundation.core.steps import where_raised
from webapp.imaging.archive.models import Series
from webapp.imaging.inference.collect_results import store_answer
from webapp.imaging.inference.models import Run
from webapp.imaging.inference.signals import study_received
from webapp.imaging.inference.state_machine import run_move
from workers import api, storage
from workers.contracts import AnalysisRequest, AnalysisResult
from workers.storage import Attempt

log = logging.getLogger(__name__)

#: Runs that the queue holds at once; the others wait in the database, where their order can still change.
WINDOW = 16
#: A doorbell that nobody answered is rung again after this.
RING_AGAIN = timedelta(seconds=8)
#: A worker that gave no sign of life for so long is taken for dead (it gives one every second).
LEASE_SECONDS = 6.0
FAILURES_ALLOWED = 3

LOST = "The worker stopped in the middle of the run."
UNFORESEEN = "The worker's answer could not be stored ({kind})."
#: Series for which something arrived since a run was last asked for.
OWED = Q(analysis_requested_at__isnull=True) | Q(analysis_requested_at__lt=F("last_arrival_at"))
IN_FLIGHT = (Run.State.DISPATCHED, Run.State.RUNNING)


def series_needing_run(*, quiet_seconds: float) -> list[Series]:
    """Return series that are owed a run: pictures at once, DICOM when nothing came for a while."""
    quiet = timezone.now() - timedelta(seconds=quiet_seconds)
    whole = Q(is_picture=True) | Q(last_arrival_at__lte=quiet)
    # What Readroom made itself is never analysed.
    return list(Series.objects.filter(OWED & whole, result=None).order_by("last_arrival_at")[:200])


def run_create(*, series: Series) -> Run | None:
    """Make the run that a series is owed, once per input and cascade; None where it holds no image.

    Late images make a new run beside the old one; nothing that was answered is replaced.
    """
    with transaction.atomic():
        digests = sorted(series.instances.filter(has_pixels=True).values_list("sha256", flat=True))
        asked = Series.objects.filter(pk=series.pk).update(analysis_requested_at=series.last_arrival_at)
        if asked and not Series.objects.filter(OWED, study=series.study_id).exists():
            study_received.send(sender=Series, study=series.study)
        if not digests:
            return None
        run, _ = Run.objects.get_or_create(
            series=series,
            cascade_digest=api.cascade_digest(),
            input_digest=hashlib.sha256("".join(digests).encode()).hexdigest(),
        )
    return run


def dispatch_runs() -> int:
    """Let the oldest waiting runs into the window and ring for them; return how many."""
    free = WINDOW - Run.objects.filter(state__in=IN_FLIGHT).count()
    waiting = Run.objects.filter(state=Run.State.QUEUED).select_related("series").order_by("created_at")[: max(0, free)]
    rung = 0
    for run in waiting:
        attempt = run.attempt + 1
        # Counted before any work starts, so that an attempt that kills its worker still counts.
        if run_move(
            run=run.pk,
            event="ring",
            from_state=run.state,
            attempt=run.attempt,
            changes={"attempt": attempt, "dispatched_at": timezone.now()},
        ):
            run.attempt = attempt
            _ring(run)
            rung += 1
    return rung


def watch_runs() -> int:
    """Look after every run in flight: collect its answer, or notice that its worker or its doorbell is gone."""
    in_flight = Run.objects.filter(state__in=IN_FLIGHT).select_related("series").order_by("dispatched_at")
    return sum(_watch(run) for run in in_flight)


def run_retry(*, run: Run, user: User, request: HttpRequest) -> bool:
    """Give a quarantined run three more attempts; False where it is not in quarantine (any more)."""
    retried = run_move(
        run=run.pk,
        event="retry",
        from_state=Run.State.QUARANTINED,
        attempt=run.attempt,
        detail=f"asked for by {user.get_username()}",
        changes={"failures": 0, "outcome": "", "reason": "", "urgency": 0, "urgency_reason": "", "finished_at": None},
    )
    if retried:
        audit_record(
            code=Code.RUN_RETRIED, user=user, request=request, study=run.series.study_id, details=f"run {run.pk}"
        )
    return retried


def _ring(run: Run) -> None:
    """Write down what is asked, then ring. Both may be repeated."""
    asked = AnalysisRequest(
        run=run.pk,
        attempt=run.attempt,
        objects=list(run.series.instances.filter(has_pixels=True).values_list("sha256", flat=True)),
    )
    storage.write_text(Attempt(run.pk, run.attempt).request, asked.model_dump_json())
    api.ring(run=run.pk, attempt=run.attempt)


def _watch(run: Run) -> bool:
    attempt = Attempt(run.pk, run.attempt)
    if attempt.result.exists():
        return _collect(run, attempt)
    silence = attempt.heartbeat_age()
    if silence is None and run.state == Run.State.DISPATCHED:
        return _ring_again(run)
    # A run that was seen at work and gives no sign any more was lost with its files.
    if silence is None or silence > LEASE_SECONDS:
        return run_fail(run=run, reason=LOST)
    if run.state == Run.State.DISPATCHED:
        changes = {"started_at": timezone.now()}
        return run_move(run=run.pk, event="start", from_state=run.state, attempt=run.attempt, changes=changes)
    return False


def _ring_again(run: Run) -> bool:
    if run.dispatched_at is not None and timezone.now() - run.dispatched_at < RING_AGAIN:
        return False
    changes = {"dispatched_at": timezone.now()}
    if run_move(run=run.pk, event="ring_again", from_state=run.state, attempt=run.attempt, changes=changes):
        _ring(run)
    return True


def _collect(run: Run, attempt: Attempt) -> bool:
    try:
        result = AnalysisResult.model_validate_json(attempt.result.read_text(encoding="utf-8"))
    except ValidationError:
        return run_fail(run=run, reason="The worker's answer cannot be read: web and worker may be of two versions.")
    if result.answer is None:
        return run_fail(run=run, reason=result.error or LOST)
    try:
        return store_answer(run=run, answer=result.answer)
    except (OperationalError, OSError):
        raise  # our own database or disk: the answer stays, and is collected later
    except Exception as unforeseen:  # noqa: BLE001 - an answer that nobody foresaw must not hold up the others
        # Not the message: it may quote the patient.
        kind = type(unforeseen).__name__
        log.error("answer of run %s: %s: %s", run.pk, kind, where_raised(unforeseen))  # noqa: TRY400 - as said
        return run_fail(run=run, reason=UNFORESEEN.format(kind=kind))


def run_fail(*, run: Run, reason: str) -> bool:
    """Count a failed attempt: try again, or quarantine after three with a reason that a person can read."""
    failures = run.failures + 1
    if failures < FAILURES_ALLOWED:
        return run_move(
            run=run.pk,
            event="lose",
            from_state=run.state,
            attempt=run.attempt,
            detail=reason,
            changes={"failures": failures},
        )
    with transaction.atomic():
        moved = run_move(
            run=run.pk,
            event="give_up",
            from_state=run.state,
            attempt=run.attempt,
            detail=reason,
            changes={
                "failures": failures,
                "finished_at": timezone.now(),
                "outcome": Run.Outcome.FAILED,
                "reason": f"Failed {FAILURES_ALLOWED} times. {reason}"[:500],
                "urgency": 1,
                "urgency_reason": "Analysis failed: needs a person",
            },
        )
        if moved:
            audit_record(
                code=Code.RUN_QUARANTINED,
                actor="cascade",
                study=run.series.study_id,
                success=False,
                details=f"run {run.pk}: {reason}",
            )
    return moved
