"""Requesting deliveries and recording their progress; every step is one transaction, so a crash loses nothing."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from webapp.exchange.routing.models import Delivery, DeliveryObject, Destination
from webapp.foundation.accounts.models import User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.foundation.core.refusals import Refusal, RefusalReason
from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.services import Impossible, complete, enqueue, retry_now
from webapp.imaging.archive.models import Instance, Study

State = Delivery.State
#: The kind of work in the outbox.
DELIVERY = "delivery"
NO_OBJECTS = RefusalReason("no-objects", "This study holds nothing that could be sent.")
NO_RESULTS = RefusalReason("no-results", "This study has no results yet.")


class NothingToSendError(Refusal):
    """There is nothing to send; the message is for the user who requested the delivery."""


def destinations_open(study: Study) -> list[Destination]:
    """Return the active destinations to which this study may be sent."""
    return list(Destination.objects.filter(Q(site=None) | Q(site=study.site_id), is_active=True).order_by("name"))


def instances_of(study: Study, *, what: str) -> list[Instance]:
    """Return the objects of a study, or only its results, depending on `what` (`Delivery.What`).

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
    """Return whether a study contains results that Readroom created."""
    return Instance.objects.filter(results_only(), series__study=study).exists()


def results_only() -> Q:
    """Return the filter for instances that Readroom created."""
    return Q(series__result__isnull=False)


def delivery_create(
    *, study: Study, destination: Destination, what: str, objects: Iterable[Instance], user: User | None
) -> Delivery:
    """Create and enqueue a delivery; called in the transaction that makes it necessary."""
    delivery = Delivery.objects.create(study=study, destination=destination, what=what, requested_by=user)
    DeliveryObject.objects.bulk_create(DeliveryObject(delivery=delivery, instance=one) for one in objects)
    enqueue(DELIVERY, delivery.pk, lane=destination.pk)
    return delivery


def delivery_ask(
    *, study: Study, destination: Destination, what: str, user: User | None, request: HttpRequest | None = None
) -> Delivery:
    """Request and audit a delivery of the current objects of a study; raises as `instances_of`."""
    objects = instances_of(study, what=what)
    with transaction.atomic():
        delivery = delivery_create(study=study, destination=destination, what=what, objects=objects, user=user)
        delivery_audit(delivery, Code.SENDING_ASKED, f"{len(objects)} objects", user=user, request=request)
    return delivery


def objects_waiting(delivery: Delivery) -> list[DeliveryObject]:
    """Return the objects that are still to be sent."""
    waiting = DeliveryObject.objects.filter(delivery=delivery, state=DeliveryObject.State.WAITING)
    return list(waiting.select_related("instance__series").order_by("pk"))


def object_settle(item: DeliveryObject, *, refused: str = "", said: str = "") -> None:
    """Record that an object was accepted, or why it was refused."""
    state = DeliveryObject.State.REFUSED if refused else DeliveryObject.State.SENT
    DeliveryObject.objects.filter(pk=item.pk).update(state=state, said=(refused or said)[:300], at=timezone.now())


def delivery_begin(delivery: Delivery, *, attempt: int) -> None:
    """Mark a delivery as being sent, and audit it before anything leaves."""
    with transaction.atomic():
        Delivery.objects.filter(pk=delivery.pk).update(state=State.SENDING)
        delivery_audit(delivery, Code.SENDING_BEGUN, f"attempt {attempt}")


def delivery_complete(delivery: Delivery, item: OutboxItem) -> None:
    """Complete a delivery that has a response to every object.

    Raises
    ------
    webapp.foundation.outbox.services.Impossible
        If the destination refused some of them.
    """
    states = list(DeliveryObject.objects.filter(delivery=delivery).values_list("state", "said"))
    refused = [said for state, said in states if state == DeliveryObject.State.REFUSED]
    if refused:
        raise Impossible(f"{_refused(len(refused), len(states))}: {refused[0]}")
    said = f"{len(states)} object{'s' * (len(states) != 1)} sent."
    with transaction.atomic():
        complete(item)
        Delivery.objects.filter(pk=delivery.pk).update(state=State.SENT, said=said, ended_at=timezone.now())
        delivery_audit(delivery, Code.SENT, said)


def delivery_put_off(item: OutboxItem) -> None:
    """Mark a delivery as waiting for its next attempt."""
    Delivery.objects.filter(pk=item.subject).update(state=State.WAITING, said=item.reason[:300])


def delivery_give_up(item: OutboxItem, _why: str) -> None:
    """Mark a delivery as failed. The destination's messages are not audited, since they may name a patient."""
    delivery = Delivery.objects.select_related("destination").get(pk=item.subject)
    changes = {"state": State.FAILED, "said": item.reason[:300], "ended_at": timezone.now()}
    Delivery.objects.filter(pk=delivery.pk).update(**changes)
    objects = DeliveryObject.objects.filter(delivery=delivery)
    refused = objects.filter(state=DeliveryObject.State.REFUSED).count()
    said = _refused(refused, objects.count()) if refused else f"Failed {item.failures} times"
    delivery_audit(delivery, Code.SENT, said, success=False)


def delivery_retry(*, delivery: Delivery, user: User, request: HttpRequest | None = None) -> bool:
    """Retry at once what was not accepted; return False if the delivery is being sent or has been sent."""
    with transaction.atomic():
        retried = retry_now(DELIVERY, delivery.pk)
        if retried:
            delivery_wait_again(delivery, user=user, request=request)
    return retried


def delivery_wait_again(delivery: Delivery, *, user: User, request: HttpRequest | None) -> None:
    """Return a delivery to the waiting state and audit who requested it; the caller updates the outbox."""
    Delivery.objects.filter(pk=delivery.pk).update(state=State.WAITING, said="Requested again.", ended_at=None)
    refused = DeliveryObject.objects.filter(delivery=delivery, state=DeliveryObject.State.REFUSED)
    refused.update(state=DeliveryObject.State.WAITING)
    delivery_audit(delivery, Code.SENDING_ASKED, "again", user=user, request=request)


def _refused(count: int, total: int) -> str:
    return f"{count} of {total} objects refused"


def delivery_audit(
    delivery: Delivery,
    code: Code,
    said: str,
    *,
    user: User | None = None,
    request: HttpRequest | None = None,
    success: bool = True,
) -> None:
    """Record an event of a delivery in the audit trail of its study; without a user, its actor is "sending"."""
    audit_record(
        code=code,
        user=user,
        request=request,
        actor="" if user else "sending",
        study=delivery.study_id,
        success=success,
        details=f"{delivery.get_what_display().lower()} to {delivery.destination.name}: {said}",
    )
