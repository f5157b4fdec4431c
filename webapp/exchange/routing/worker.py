"""Background work: deliveries, one at a time to each destination, to several destinations at once."""

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

#: Number of destinations served at once, so that one that hangs does not hold up the others.
AT_ONCE = 4


def sent(destination: Destination, items: Sequence[DeliveryObject]) -> Iterator[Answer]:
    """Send objects by the destination's protocol; yield the response to each. Raises PeerTroubleError."""
    is_stow = destination.kind == Destination.Kind.STOW
    return stow.send_by_stow(destination, items) if is_stow else cstore.send_by_c_store(destination, items)


def deliver(item: OutboxItem) -> None:
    """Send the remaining objects of a delivery; each response is recorded before the next object is sent.

    Raises
    ------
    webapp.foundation.outbox.services.RetryLater
        If the destination cannot be reached or cannot respond now.
    webapp.foundation.outbox.services.Impossible
        If it refused some objects.
    webapp.foundation.outbox.services.Interrupted
        If Readroom is shutting down.
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
    """Return the ids of inactive destinations, to which nothing is sent."""
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
