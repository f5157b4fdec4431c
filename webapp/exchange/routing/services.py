"""Asking for deliveries, and keeping account of them. Safe to be killed anywhere: every step is one transaction."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from webapp.exchange.routing.models import Delivery, DeliveryObject, Destination
from webapp.exchange.routing.receivers import results_only
from webapp.exchange.routing.state_machine import State, delivery_move
from webapp.foundation.accounts.models import User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.foundation.core.backoff import FAILURES_ALLOWED, backoff_delay
from webapp.imaging.archive.models import Instance, Study

NO_OBJECTS = "This study holds nothing that could be sent."
NO_RESULTS = "This study has no results yet."
STOPPED = "Readroom was stopped in the middle."


class NothingToSendError(ValueError):
    """There is nothing to send; the message is for whoever asked."""


def destinations_open(study: Study) -> list[Destination]:
    """Return where this study may be sent."""
    return list(Destination.objects.filter(Q(site=None) | Q(site=study.site_id), is_active=True).order_by("name"))


def instances_of(study: Study, *, what: str) -> list[Instance]:
    """Return the objects that are meant by a study, or by its results.

    Raises
    ------
    NothingToSendError
        If there are none.
    """
    objects = Instance.objects.filter(series__study=study)
    is_results = what == Delivery.What.RESULTS
    found = list(objects.filter(results_only()) if is_results else objects)
    if not found:
        raise NothingToSendError(NO_RESULTS if is_results else NO_OBJECTS)
    return found


def has_results(study: Study) -> bool:
    """Say whether a study holds results of ours."""
    return Instance.objects.filter(results_only(), series__study=study).exists()


def delivery_ask(
    *, study: Study, destination: Destination, what: str, user: User | None, request: HttpRequest | None = None
) -> Delivery:
    """Let what a study holds now be sent to a destination; raises as `instances_of`."""
    objects = instances_of(study, what=what)
    with transaction.atomic():
        delivery = Delivery.objects.create(
            study=study, destination=destination, what=what, requested_by=user, next_at=timezone.now()
        )
        DeliveryObject.objects.bulk_create(DeliveryObject(delivery=delivery, instance=one) for one in objects)
        _audit(delivery, Code.SENDING_ASKED, f"{len(objects)} objects", user=user, request=request)
    return delivery


def deliveries_due(*, busy: Iterable[int] = ()) -> list[Delivery]:
    """Return the oldest due delivery of each destination that is not busy."""
    due = Delivery.objects.filter(state=State.WAITING, next_at__lte=timezone.now(), destination__is_active=True)
    waiting = due.exclude(destination__in=list(busy)).select_related("destination", "study").order_by("next_at")[:200]
    first: dict[int, Delivery] = {}
    for delivery in waiting:
        first.setdefault(delivery.destination_id, delivery)
    return list(first.values())


def delivery_begin(delivery: Delivery) -> bool:
    """Claim a delivery: counted and audited before anything leaves; False where it is somebody else's."""
    with transaction.atomic():
        begun = delivery_move(delivery=delivery, event="begin", attempt=delivery.attempt + 1)
        if begun:
            _audit(delivery, Code.SENDING_BEGUN, f"attempt {delivery.attempt}")
    return begun


def objects_waiting(delivery: Delivery) -> list[DeliveryObject]:
    """Return what is still to be sent."""
    waiting = DeliveryObject.objects.filter(delivery=delivery, state=DeliveryObject.State.WAITING)
    return list(waiting.select_related("instance__series").order_by("pk"))


def object_settle(item: DeliveryObject, *, refused: str = "", said: str = "") -> None:
    """Write down that an object was taken, or why it was not."""
    state = DeliveryObject.State.REFUSED if refused else DeliveryObject.State.SENT
    DeliveryObject.objects.filter(pk=item.pk).update(state=state, said=(refused or said)[:300], at=timezone.now())


def delivery_end(delivery: Delivery, *, trouble: str, progressed: bool) -> None:
    """End an attempt.

    Parameters
    ----------
    delivery
        As it was begun.
    trouble
        Why it came to no end, empty where every object was answered.
    progressed
        Whether it got anything across: such an attempt starts the count of failures anew. Objects are finite, so
        nothing goes on for ever.
    """
    if trouble:
        _put_off(delivery, trouble, failures=1 if progressed else delivery.failures + 1)
        return
    states = list(DeliveryObject.objects.filter(delivery=delivery).values_list("state", "said"))
    refused = [said for state, said in states if state == DeliveryObject.State.REFUSED]
    if refused:
        _give_up(delivery, f"{len(refused)} of {len(states)} objects refused", because=refused[0])
        return
    with transaction.atomic():
        said = f"{len(states)} object{'s' * (len(states) != 1)} sent."
        if delivery_move(delivery=delivery, event="finish", said=said, ended_at=timezone.now(), failures=0):
            _audit(delivery, Code.SENT, said)


def deliveries_recover() -> int:
    """Take back what a process that died was sending; for the one process that sends, before it begins."""
    left = Delivery.objects.filter(state=State.SENDING).select_related("destination", "study")
    for delivery in left:
        delivery_end(delivery, trouble=STOPPED, progressed=False)
    return len(left)


def delivery_retry(*, delivery: Delivery, user: User, request: HttpRequest | None = None) -> bool:
    """Send again, now, what was not taken; False where it is being sent, or was."""
    if delivery.state not in {State.FAILED, State.WAITING}:
        return False
    with transaction.atomic():
        moved = delivery_move(
            delivery=delivery, event="retry", said="Asked for again.", failures=0, next_at=timezone.now(), ended_at=None
        )
        if moved:
            refused = DeliveryObject.objects.filter(delivery=delivery, state=DeliveryObject.State.REFUSED)
            refused.update(state=DeliveryObject.State.WAITING)
            _audit(delivery, Code.SENDING_ASKED, "again", user=user, request=request)
    return moved


def _put_off(delivery: Delivery, trouble: str, *, failures: int) -> None:
    if failures >= FAILURES_ALLOWED:
        delivery.failures = failures
        _give_up(delivery, f"Failed {failures} times", because=trouble)
        return
    next_at = timezone.now() + backoff_delay(failures)
    delivery_move(delivery=delivery, event="lose", said=trouble, failures=failures, next_at=next_at)


def _give_up(delivery: Delivery, said: str, *, because: str) -> None:
    """Leave it to a person. The audit trail does without the destination's own words: they may name a patient."""
    changes = {"failures": delivery.failures, "ended_at": timezone.now()}
    with transaction.atomic():
        if delivery_move(delivery=delivery, event="give_up", said=f"{said}: {because}", **changes):
            _audit(delivery, Code.SENT, said, success=False)


def _audit(
    delivery: Delivery,
    code: Code,
    said: str,
    *,
    user: User | None = None,
    request: HttpRequest | None = None,
    success: bool = True,
) -> None:
    audit_record(
        code=code,
        user=user,
        request=request,
        actor="" if user else "sending",
        study=delivery.study_id,
        success=success,
        details=f"{delivery.get_what_display().lower()} to {delivery.destination.name}: {said}",
    )
