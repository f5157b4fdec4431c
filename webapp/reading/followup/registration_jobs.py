"""Asking for registrations, ringing for them and collecting their answers; each move is one conditional UPDATE."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from pydantic import ValidationError

from webapp.foundation.accounts.models import User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.imaging.archive.models import Series
from webapp.imaging.inference.services import FAILURES_ALLOWED, LEASE_SECONDS, RING_AGAIN
from webapp.reading.followup.models import Registration
from workers import api, storage
from workers.contracts import RegistrationRequest, RegistrationResult
from workers.storage import Attempt

State = Registration.State
OPEN, OVER = (State.QUEUED, State.RUNNING), (State.DONE, State.REFUSED, State.FAILED)
LOST = "The worker stopped in the middle of it."
OTHER_VERSION = "The worker's answer cannot be read: web and worker may be of two versions."


class NotAPairError(Exception):
    """Two series are never laid over each other; the message is for the one who asked."""


@transaction.atomic
def request_registration(*, prior: Series, follow_up: Series, user: User, request: HttpRequest) -> Registration:
    """Ask for a registration; one that is over is made again, one that is under way goes on.

    Raises
    ------
    NotAPairError
        If the series are not of two studies of one patient.
    """
    studies = prior.study, follow_up.study
    if (
        studies[0] == studies[1]
        or None in {one.patient_id for one in studies}
        or len({one.patient_id for one in studies}) > 1
    ):
        raise NotAPairError("Choose a series of this study and one of another study of the same patient.")
    asked, is_new = Registration.objects.get_or_create(
        prior=prior, follow_up=follow_up, defaults={"requested_by": user}
    )
    again = Registration.objects.filter(pk=asked.pk, state__in=OVER)
    if is_new or again.update(state=State.QUEUED, failures=0, reason="", answer={}, finished_at=None):
        audit_record(
            code=Code.REGISTRATION_ASKED,
            user=user,
            request=request,
            study=follow_up.study_id,
            details=f"registration {asked.pk} to study {prior.study_id}",
        )
    asked.refresh_from_db()
    return asked


def advance_registrations() -> int:
    """Collect what is answered, notice who died, ring for the oldest where none is under way; return how much that was.

    One at a time: studies that wait for their first answer go before.
    """
    due = list(
        Registration.objects.filter(state__in=OPEN).select_related("prior", "follow_up").order_by("requested_at")[:50]
    )
    running = [one for one in due if one.state == State.RUNNING]
    if running:
        return sum(_watch(one) for one in running)
    return int(bool(due) and _ring(due[0]))


def _moved(row: Registration, **changes: Any) -> bool:
    """Change a registration, if it still stands where it was seen."""
    return bool(Registration.objects.filter(pk=row.pk, state=row.state, attempt=row.attempt).update(**changes))


def _ring(row: Registration) -> bool:
    attempt = row.attempt + 1
    if not _moved(row, state=State.RUNNING, attempt=attempt, dispatched_at=timezone.now()):
        return False
    row.attempt = attempt
    _doorbell(row)
    return True


def _doorbell(row: Registration) -> None:
    """Write down what is asked, then ring. Both may be repeated."""
    prior, follow_up = (
        list(series.instances.filter(has_pixels=True).values_list("sha256", flat=True))
        for series in (row.prior, row.follow_up)
    )
    asked = RegistrationRequest(registration=row.pk, attempt=row.attempt, prior=prior, follow_up=follow_up)
    storage.write_text(Attempt(row.pk, row.attempt).request, asked.model_dump_json())
    api.dispatch(run=row.pk, attempt=row.attempt, task=api.REGISTER)


def _watch(row: Registration) -> bool:
    attempt = Attempt(row.pk, row.attempt)
    if attempt.result.exists():
        return _collect(row, attempt)
    silence = attempt.heartbeat_age()
    if silence is not None:
        return silence > LEASE_SECONDS and _fail(row, LOST)
    if row.dispatched_at is not None and timezone.now() - row.dispatched_at < RING_AGAIN:
        return False
    if _moved(row, dispatched_at=timezone.now()):
        _doorbell(row)
    return True


def _collect(row: Registration, attempt: Attempt) -> bool:
    try:
        result = RegistrationResult.model_validate_json(attempt.result.read_text(encoding="utf-8"))
    except ValidationError:
        return _fail(row, OTHER_VERSION)
    if result.answer is None:
        return _fail(row, result.error or LOST)
    state = State.REFUSED if result.answer.refusal else State.DONE
    return _end(row, state, reason=result.answer.refusal, answer=result.answer.model_dump(mode="json"))


def _fail(row: Registration, reason: str) -> bool:
    """Count a failed attempt: try again, or give up after three."""
    failures = row.failures + 1
    if failures < FAILURES_ALLOWED:
        return _moved(row, state=State.QUEUED, failures=failures)
    return _end(row, State.FAILED, reason=reason, failures=failures)


@transaction.atomic
def _end(row: Registration, state: str, *, reason: str, **changes: Any) -> bool:
    ended = _moved(row, state=state, reason=reason[:300], finished_at=timezone.now(), **changes)
    if ended:
        audit_record(
            code=Code.REGISTRATION_MADE,
            actor="cascade",
            study=row.follow_up.study_id,
            success=state != State.FAILED,
            details=f"registration {row.pk}: {State(state).label.lower()}",
        )
    return ended
