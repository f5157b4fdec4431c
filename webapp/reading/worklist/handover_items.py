"""Open items of the worklist at the end of a shift: unread STAT studies, and claimed studies."""

from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from webapp.foundation.core.handover_items import HandoverItem, clock
from webapp.reading.worklist.models import Priority, ReadingTask
from webapp.reading.worklist.services import settings_of


def stat_items(site: int) -> Iterable[HandoverItem]:
    """Yield the STAT tasks of a site that are not read."""
    target = timedelta(minutes=settings_of(site).stat_minutes)
    tasks = ReadingTask.objects.filter(site=site, priority=Priority.STAT).exclude(state=ReadingTask.State.DONE)
    for task in tasks.order_by("waiting_since", "pk"):
        since = task.waiting_since
        yield HandoverItem(str(task.pk), task.study_id, f"Waiting since {clock(since)}, due {clock(since + target)}.")


def claim_items(site: int) -> Iterable[HandoverItem]:
    """Yield the claimed tasks of a site; each new claim is an item of its own."""
    claimed = ReadingTask.objects.filter(
        site=site, state=ReadingTask.State.CLAIMED, claim_expires_at__gt=timezone.now()
    )
    for task in claimed.select_related("assignee").order_by("claim_expires_at", "pk"):
        assignee = task.assignee.get_username() if task.assignee else "Somebody"
        until = clock(task.claim_expires_at) if task.claim_expires_at else "now"
        yield HandoverItem(
            f"{task.pk}/{task.claim_version}",
            task.study_id,
            f"{assignee} is reading it; their claim ends at {until}.",
        )
