"""What a shift leaves open in the reading room: STAT that is not read, and what somebody has in hand."""

from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from webapp.foundation.accounts.models import Site
from webapp.foundation.core.handover_items import Left, clock
from webapp.reading.worklist.models import Priority, Task
from webapp.reading.worklist.services import rules_of


def stat_left(site: Site) -> Iterable[Left]:
    """Yield the STAT tasks of a site that are not read."""
    target = timedelta(minutes=rules_of(site.pk).stat_minutes)
    tasks = Task.objects.filter(site=site, priority=Priority.STAT).exclude(state=Task.State.DONE)
    for task in tasks.order_by("waiting_since", "pk"):
        since = task.waiting_since
        yield Left(str(task.pk), task.study_id, f"Waiting since {clock(since)}, due {clock(since + target)}.")


def held_left(site: Site) -> Iterable[Left]:
    """Yield what somebody of a site has in hand now; a claim of its own for each holder."""
    held = Task.objects.filter(site=site, state=Task.State.CLAIMED, held_until__gt=timezone.now())
    for task in held.select_related("holder").order_by("held_until", "pk"):
        holder = task.holder.get_username() if task.holder else "Somebody"
        until = clock(task.held_until) if task.held_until else "now"
        yield Left(f"{task.pk}/{task.claim}", task.study_id, f"{holder} has it in hand until {until}.")
