"""Registrations in the outbox: dispatched to a worker, watched, collected."""

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from webapp.foundation.accounts.models import User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.foundation.core.refusals import Refusal, RefusalReason
from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.registry import Group, Kind, page_of, register
from webapp.foundation.outbox.remote import LOST, Remote, policy
from webapp.foundation.outbox.services import RetryLater, complete, enqueue
from webapp.imaging.archive.models import Series
from webapp.reading.followup.models import Registration
from workers import api
from workers.contracts import RegistrationRequest, RegistrationResult

State = Registration.State
OVER = (State.DONE, State.REFUSED, State.FAILED)
#: The kind of work in the outbox.
REGISTRATION = "registration"


class NotAPairError(Refusal):
    """Two series cannot be registered; the message is for the user."""


@transaction.atomic
def request_registration(*, prior: Series, follow_up: Series, user: User, request: HttpRequest) -> Registration:
    """Request a registration; one that is over is repeated, one that is under way goes on.

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
        raise NotAPairError(
            RefusalReason("no-pair", "Choose a series of this study and one of another study of the same patient.")
        )
    registration, is_new = Registration.objects.get_or_create(
        prior=prior, follow_up=follow_up, defaults={"requested_by": user}
    )
    if is_new or registration.state in OVER:
        _requeue(registration, user, request)
        enqueue(REGISTRATION, registration.pk)
    registration.refresh_from_db()
    return registration


def _row(item: OutboxItem) -> Registration:
    return Registration.objects.select_related("prior", "follow_up").get(pk=item.subject)


def dispatch_registration(item: OutboxItem) -> None:
    """Dispatch a registration. One at a time, as studies that wait for their first run go first."""
    _running(item)
    REMOTE.dispatch(item)


def _running(item: OutboxItem) -> None:
    Registration.objects.filter(pk=item.subject).update(state=State.RUNNING, attempt=item.attempt)


def _request(item: OutboxItem) -> RegistrationRequest:
    row = _row(item)
    prior, follow_up = (
        list(series.instances.filter(has_pixels=True).values_list("sha256", flat=True))
        for series in (row.prior, row.follow_up)
    )
    return RegistrationRequest(registration=row.pk, attempt=item.attempt, prior=prior, follow_up=follow_up)


def _collect(item: OutboxItem, text: str) -> None:
    result = RegistrationResult.model_validate_json(text)
    if result.answer is None:
        raise RetryLater(result.error or LOST)
    state = State.REFUSED if result.answer.refusal else State.DONE
    with transaction.atomic():
        complete(item)
        _end(_row(item), state, reason=result.answer.refusal, answer=result.answer.model_dump(mode="json"))


def _put_off(item: OutboxItem) -> None:
    Registration.objects.filter(pk=item.subject).update(state=State.QUEUED)


def _failed(item: OutboxItem, _why: str) -> None:
    _end(_row(item), State.FAILED, reason=item.reason)


def _end(row: Registration, state: str, *, reason: str, **changes: object) -> None:
    ended = {"state": state, "reason": reason[:300], "finished_at": timezone.now(), **changes}
    Registration.objects.filter(pk=row.pk).update(**ended)
    audit_record(
        code=Code.REGISTRATION_MADE,
        actor="cascade",
        study=row.follow_up.study_id,
        success=state != State.FAILED,
        details=f"registration {row.pk}: {State(state).label.lower()}",
    )


def _requeue(row: Registration, user: User, request: HttpRequest) -> None:
    """Mark a registration as queued again, and record who requested it; the caller enqueues it."""
    again: dict[str, object] = {"state": State.QUEUED, "reason": "", "answer": {}, "finished_at": None}
    Registration.objects.filter(pk=row.pk).update(**again)
    audit_record(
        code=Code.REGISTRATION_ASKED,
        user=user,
        request=request,
        study=row.follow_up.study_id,
        details=f"registration {row.pk} to study {row.prior.study_id}",
    )


def _retry(item: OutboxItem, user: User, request: HttpRequest) -> None:
    _requeue(_row(item), user, request)


REMOTE = Remote(task=api.REGISTER, request=_request, collect=_collect, rung_again=_running)
register(
    Kind(
        name=REGISTRATION,
        title="Registration of two studies",
        group=Group.HOUSEKEEPING,
        policy=policy(at_once=1),
        handle=dispatch_registration,
        put_off=_put_off,
        failed=_failed,
        retried=_retry,
        page=page_of(Registration, "follow_up__study", route="follow-up"),
        watch=REMOTE.watch,
        news=REMOTE.news,
    )
)
