"""What waits, what failed, since when: asked here, whatever kind of work it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q

from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.registry import kinds_registered

State = OutboxItem.State


@dataclass(frozen=True)
class Backlog:
    """How much of a kind of work there is, and since when."""

    name: str
    title: str
    waiting: int = 0
    #: When the oldest of those that wait was asked for.
    waiting_since: datetime | None = None
    under_way: int = 0
    failed: int = 0
    #: When the first of those that failed did.
    failed_since: datetime | None = None


def backlog() -> list[Backlog]:
    """Return what waits, what is under way and what failed, for every kind."""
    waiting, failed = Q(state=State.WAITING), Q(state=State.FAILED)
    rows = (
        OutboxItem.objects.exclude(state=State.DONE)
        .values("kind")
        .annotate(
            waiting=Count("pk", filter=waiting),
            waiting_since=Min("created_at", filter=waiting),
            under_way=Count("pk", filter=Q(state=State.LEASED)),
            failed=Count("pk", filter=failed),
            failed_since=Min("finished_at", filter=failed),
        )
    )
    found = {row.pop("kind"): row for row in rows}
    return [Backlog(name=kind.name, title=kind.title, **found.get(kind.name, {})) for kind in kinds_registered()]


def failed_items(*, limit: int = 200) -> list[OutboxItem]:
    """Return what waits for a person, the newest first."""
    return list(OutboxItem.objects.filter(state=State.FAILED).order_by("-finished_at", "-pk")[:limit])


def items_of(kind: str, subjects: Iterable[object]) -> dict[str, OutboxItem]:
    """Return the items of some subjects of a kind, by subject."""
    wanted = [str(subject) for subject in subjects]
    return {item.subject: item for item in OutboxItem.objects.filter(kind=kind, subject__in=wanted)}


def item_of(kind: str, subject: object) -> OutboxItem | None:
    """Return the item of a subject, None where nothing was asked for."""
    return OutboxItem.objects.filter(kind=kind, subject=str(subject)).first()
