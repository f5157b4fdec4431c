"""Files that are made apart from the request that asks for them: taken by one maker, taken up again, given up."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from workers import storage

#: Who was silent for so long has died: longer than reading one object may take.
LEASE = timedelta(seconds=90)
ATTEMPTS = 3


class LeasedJob(models.Model):
    """What is made apart. Its file lies in the data folder under its id (`workers.storage.export_path`)."""

    class State(models.TextChoices):
        """Where it is."""

        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Being made"
        DONE = "done", "Ready"
        FAILED = "failed", "Failed"
        EXPIRED = "expired", "Expired"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0, help_text="counted before work starts; a fencing token")
    beat_at = models.DateTimeField(null=True, help_text="last sign of life of whoever makes it")
    objects_total = models.PositiveIntegerField(default=0)
    objects_done = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    file_size = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        abstract = True


Made = TypeVar("Made", bound=LeasedJob)
State = LeasedJob.State


class LeaseLostError(Exception):
    """Somebody else makes this now."""


def claim_next(kind: type[Made], *, end: Callable[..., None]) -> Made | None:
    """Take the oldest that waits, or whose maker died; None where there is none.

    Two that ask at once get two: each taking is one conditional UPDATE.

    Parameters
    ----------
    end
        Ends one that stopped in the middle too often: its row as it was seen, what it is, `state` and `reason`.
    """
    now, rows = timezone.now(), kind._default_manager
    left = Q(beat_at=None) | Q(beat_at__lt=now - LEASE)
    due = Q(state=State.QUEUED) | Q(left, state=State.RUNNING)
    for one in rows.filter(due).order_by("requested_at")[:5]:
        seen = rows.filter(pk=one.pk, state=one.state, attempt=one.attempt)
        if one.attempt >= ATTEMPTS:
            end(seen, one, state=State.FAILED, reason=f"Given up: it stopped in the middle {ATTEMPTS} times.")
        elif seen.update(state=State.RUNNING, attempt=F("attempt") + 1, beat_at=now, objects_done=0):
            one.refresh_from_db()
            return one
    return None


def release_stale(kind: type[Made]) -> int:
    """Take back at once what a process that died was making; for the one process that makes, before it begins."""
    return kind._default_manager.filter(state=State.RUNNING).update(beat_at=None)


def write_output(
    made: Made, *, write: Callable[[Path, models.QuerySet[Made]], int], end: Callable[..., None], nothing: str
) -> None:
    """Write a file, which appears whole, and end its making; nothing of it stays where another took over.

    Parameters
    ----------
    write
        Writes into an unfinished file and returns how much it holds; it tells on the row that it lives (`renew_lease`).
    end
        As of `claim_next`.
    nothing
        Why the making failed where the file would hold nothing.
    """
    mine = type(made)._default_manager.filter(pk=made.pk, state=State.RUNNING, attempt=made.attempt)
    try:
        with storage.written_whole(storage.export_path(made.pk)) as unfinished:
            written = write(unfinished, mine)
    except LeaseLostError:
        return
    if written:
        end(mine, made, state=State.DONE)
    else:
        storage.export_path(made.pk).unlink()
        end(mine, made, state=State.FAILED, reason=nothing)


def renew_lease(mine: models.QuerySet[Made], **done: int) -> None:
    """Show that the maker lives, and how far it is.

    Raises
    ------
    TakenOverError
        If another maker took it meanwhile.
    """
    if not mine.update(beat_at=timezone.now(), **done):
        raise LeaseLostError
