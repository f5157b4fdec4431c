"""Queries for destinations and deliveries."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypedDict

from django.db.models import Count, Q, QuerySet

from webapp.exchange.routing.models import Delivery, DeliveryObject, Destination
from webapp.exchange.routing.services import DELIVERY
from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.selectors import items_of
from webapp.imaging.archive.models import Study

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

#: Most deliveries that a page lists.
LISTED = 50
ITEM = DeliveryObject.State
LIVE = (Delivery.State.WAITING, Delivery.State.SENDING)


class Progress(TypedDict):
    """Progress of a delivery: number of objects in total, accepted and refused."""

    total: int
    taken: int
    refused: int


class Load(TypedDict):
    """Number of deliveries to a destination that are unfinished, and that have failed."""

    waiting: int
    failed: int


def _with_progress(deliveries: QuerySet[Delivery]) -> "QuerySet[WithAnnotations[Delivery, Progress]]":
    return deliveries.select_related("destination", "requested_by").annotate(
        total=Count("objects_sent"),
        taken=Count("objects_sent", filter=Q(objects_sent__state=ITEM.SENT)),
        refused=Count("objects_sent", filter=Q(objects_sent__state=ITEM.REFUSED)),
    )


def _with_work(
    deliveries: "Iterable[WithAnnotations[Delivery, Progress]]",
) -> "list[tuple[WithAnnotations[Delivery, Progress], OutboxItem | None]]":
    rows = list(deliveries)
    work = items_of(DELIVERY, [row.pk for row in rows])
    return [(row, work.get(str(row.pk))) for row in rows]


def deliveries_of(study: Study) -> "list[tuple[WithAnnotations[Delivery, Progress], OutboxItem | None]]":
    """Return the newest deliveries of a study, each with its outbox item."""
    return _with_work(_with_progress(Delivery.objects.filter(study=study)).order_by("-created_at")[:LISTED])


def delivery_list() -> "list[tuple[WithAnnotations[Delivery, Progress], OutboxItem | None]]":
    """Return the newest deliveries of all studies, each with its outbox item; failed ones come first."""
    deliveries = _with_progress(Delivery.objects.all()).order_by("-created_at")
    failed = deliveries.filter(state=Delivery.State.FAILED)
    rest = deliveries.exclude(state=Delivery.State.FAILED)
    return _with_work([*failed[:LISTED], *rest[:LISTED]])


def destination_list() -> "list[WithAnnotations[Destination, Load]]":
    """Return all destinations, each with its numbers of unfinished and failed deliveries."""
    return list(
        Destination.objects.select_related("site")
        .annotate(
            waiting=Count("deliveries", filter=Q(deliveries__state__in=LIVE)),
            failed=Count("deliveries", filter=Q(deliveries__state=Delivery.State.FAILED)),
        )
        .order_by("name")
    )
