"""Carrying deliveries: one at a time to each destination, several destinations at once."""

from collections.abc import Iterator, Sequence

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.urls import reverse

from webapp.exchange.routing import cstore, stow
from webapp.exchange.routing.models import Delivery, DeliveryObject, Destination
from webapp.exchange.routing.outcomes import Answer, PeerTroubleError
from webapp.exchange.routing.services import (
    DELIVERY,
    delivery_begin,
    delivery_complete,
    delivery_give_up,
    delivery_put_off,
    delivery_wait_again,
    object_settle,
    objects_waiting,
)
from webapp.foundation.accounts.models import User
from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.registry import Group, Kind, Policy, register
from webapp.foundation.outbox.services import Interrupted, RetryLater, stopping

#: Destinations that are sent to at once: one that hangs holds up nobody else.
AT_ONCE = 4


def sent(destination: Destination, items: Sequence[DeliveryObject]) -> Iterator[Answer]:
    """Send objects the way that the destination is reached; raises PeerTroubleError as both do."""
    is_stow = destination.kind == Destination.Kind.STOW
    return stow.send_by_stow(destination, items) if is_stow else cstore.send_by_c_store(destination, items)


def deliver(item: OutboxItem) -> None:
    """Send what is left of a delivery; each answer is written down before the next object goes.

    Raises
    ------
    webapp.foundation.outbox.services.RetryLater
        If the destination cannot be talked to now.
    webapp.foundation.outbox.services.Impossible
        If it refused objects.
    webapp.foundation.outbox.services.Interrupted
        If Readroom is being stopped.
    """
    delivery = Delivery.objects.select_related("destination", "study").get(pk=item.subject)
    delivery_begin(delivery, attempt=item.attempt)
    progressed = False
    try:
        for answer in sent(delivery.destination, objects_waiting(delivery)):
            object_settle(answer.item, refused=answer.refused, said=answer.said)
            progressed = True
            if stopping.is_set():
                raise Interrupted
    except (PeerTroubleError, ImproperlyConfigured) as trouble:
        raise RetryLater(str(trouble), progressed=progressed) from None
    delivery_complete(delivery, item)


def _retried(item: OutboxItem, user: User, request: HttpRequest) -> None:
    delivery = Delivery.objects.select_related("destination").get(pk=item.subject)
    delivery_wait_again(delivery, user=user, request=request)


def _switched_off() -> list[str]:
    """Return the destinations to which nothing is sent until they are switched on again."""
    return [str(pk) for pk in Destination.objects.filter(is_active=False).values_list("pk", flat=True)]


register(
    Kind(
        name=DELIVERY,
        title="Delivery to a destination",
        group=Group.DELIVERY,
        policy=Policy(at_once=AT_ONCE),
        handle=deliver,
        put_off=delivery_put_off,
        failed=delivery_give_up,
        retried=_retried,
        closed_lanes=_switched_off,
        page=lambda _subject: reverse("network"),
    )
)
