"""Asking for deliveries, and keeping account of them. Safe to be killed anywhere: every step is one transaction."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from webapp.exchange.routing.models import Delivery, DeliveryObject, Destination
from webapp.foundation.accounts.models import User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.services import Impossible, complete, enqueue, retry_now
from webapp.imaging.archive.models import Instance, Study

State = Delivery.State
#: The kind of work in the outbox.
DELIVERY = "delivery"
NO_OBJECTS = "This study holds nothing that could be sent."
NO_RESULTS = "This study has no results yet."


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


def results_only() -> Q:
    """Return the condition that keeps the instances that Readroom itself made of a study."""
    return Q(series__result__isnull=False)


def delivery_create(
    *, study: Study, destination: Destination, what: str, objects: Iterable[Instance], user: User | None
) -> Delivery:
    """Write a delivery down, and ask for it to be sent; in the transaction of what makes it necessary."""
    delivery = Delivery.objects.create(study=study, destination=destination, what=what, requested_by=user)
    DeliveryObject.objects.bulk_create(DeliveryObject(delivery=delivery, instance=one) for one in objects)
    enqueue(DELIVERY, delivery.pk, lane=destination.pk)
    return delivery


def delivery_ask(
    *, study: Study, destination: Destination, what: str, user: User | None, request: HttpRequest | None = None
) -> Delivery:
    """Let what a study holds now be sent to a destination; raises as `instances_of`."""
    objects = instances_of(study, what=what)
    with transaction.atomic():
        delivery = delivery_create(study=study, destination=destination, what=what, objects=objects, user=user)
        delivery_audit(delivery, Code.SENDING_ASKED, f"{len(objects)} objects", user=user, request=request)
    return delivery


def objects_waiting(delivery: Delivery) -> list[DeliveryObject]:
    """Return what is still to be sent."""
    waiting = DeliveryObject.objects.filter(delivery=delivery, state=DeliveryObject.State.WAITING)
    return list(waiting.select_related("instance__series").order_by("pk"))


def object_settle(item: DeliveryObject, *, refused: str = "", said: str = "") -> None:
    """Write down that an object was taken, or why it was not."""
    state = DeliveryObject.State.REFUSED if refused else DeliveryObject.State.SENT
    DeliveryObject.objects.filter(pk=item.pk).update(state=state, said=(refused or said)[:300], at=timezone.now())


def delivery_begin(delivery: Delivery, *, attempt: int) -> None:
    """Show that a delivery is being sent; audited before anything leaves."""
    with transaction.atomic():
        Delivery.objects.filter(pk=delivery.pk).update(state=State.SENDING)
        delivery_audit(delivery, Code.SENDING_BEGUN, f"attempt {attempt}")


def delivery_complete(delivery: Delivery, item: OutboxItem) -> None:
    """End a delivery of which every object was answered.

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
    """Show that a delivery waits for its next attempt."""
    Delivery.objects.filter(pk=item.subject).update(state=State.WAITING, said=item.reason[:300])


def delivery_give_up(item: OutboxItem, _why: str) -> None:
    """Leave it to a person. The audit trail does without the destination's own words: they may name a patient."""
    delivery = Delivery.objects.select_related("destination").get(pk=item.subject)
    changes = {"state": State.FAILED, "said": item.reason[:300], "ended_at": timezone.now()}
    Delivery.objects.filter(pk=delivery.pk).update(**changes)
    objects = DeliveryObject.objects.filter(delivery=delivery)
    refused = objects.filter(state=DeliveryObject.State.REFUSED).count()
    said = _refused(refused, objects.count()) if refused else f"Failed {item.failures} times"
    delivery_audit(delivery, Code.SENT, said, success=False)


def delivery_retry(*, delivery: Delivery, user: User, request: HttpRequest | None = None) -> bool:
    """Send again, now, what was not taken; False where it is being sent, or was."""
    with transaction.atomic():
        retried = retry_now(DELIVERY, delivery.pk)
        if retried:
            delivery_wait_again(delivery, user=user, request=request)
    return retried


def delivery_wait_again(delivery: Delivery, *, user: User, request: HttpRequest | None) -> None:
    """Show that a delivery waits again, and write down who asked; the outbox is the caller's."""
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
    """Write down what became of a delivery, under its study; by rule or by the engine where no user is given."""
    audit_record(
        code=code,
        user=user,
        request=request,
        actor="" if user else "sending",
        study=delivery.study_id,
        success=success,
        details=f"{delivery.get_what_display().lower()} to {delivery.destination.name}: {said}",
    )
