"""Files that are made behind the pages: an abstract row of such a file, and how it comes to lie there whole."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.registry import Policy
from webapp.foundation.outbox.services import Impossible, complete, renew
from workers import storage

#: A file that cannot be made three times waits for a person. The lease is longer than reading one object may take.
POLICY = Policy(failures_allowed=3, lease=timedelta(seconds=90))


class FileJob(models.Model):
    """A file to be made. It lies in the data folder under its id (`workers.storage.export_path`)."""

    class State(models.TextChoices):
        """Where it is, for people; who makes it, and when again, is written in the outbox."""

        QUEUED = "queued", "Waiting"
        RUNNING = "running", "In progress"
        DONE = "done", "Ready"
        FAILED = "failed", "Failed"
        EXPIRED = "expired", "Expired"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.QUEUED)
    objects_total = models.PositiveIntegerField(default=0)
    objects_done = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    file_size = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        abstract = True


State = FileJob.State


def _rows(job: FileJob) -> "models.QuerySet[FileJob]":
    return type(job)._default_manager.filter(pk=job.pk)


def start_job(job: FileJob) -> None:
    """Show that the file is being made, from its first object on."""
    _rows(job).update(state=State.RUNNING, objects_done=0, reason="")


def report_progress(item: OutboxItem, job: FileJob, **done: int) -> None:
    """Show how far the making is; raises `services.LeaseLostError` where another worker makes the file by now."""
    renew(item)
    _rows(job).update(**done)


def put_off_job(job: FileJob) -> None:
    """Show that the file waits for another attempt."""
    _rows(job).update(state=State.QUEUED)


def end_job(job: FileJob, *, state: str, reason: str = "", **more: object) -> None:
    """Show how the making ended."""
    size = storage.export_path(job.pk).stat().st_size if state == State.DONE else 0
    _rows(job).update(state=state, reason=reason[:300], finished_at=timezone.now(), file_size=size, **more)


def write_output(
    item: OutboxItem, job: FileJob, *, write: Callable[[Path], int], done: Callable[[], None], nothing: str
) -> None:
    """Write a file, which appears whole, and end its making.

    Parameters
    ----------
    write
        Writes into an unfinished file and returns how much it holds; it calls `report_progress` at every object.
    done
        Writes down what became of it, in the transaction that ends the work.
    nothing
        Why the making failed where the file would hold nothing.

    Raises
    ------
    webapp.foundation.outbox.services.Impossible
        If the file would hold nothing.
    webapp.foundation.outbox.services.LeaseLostError
        If another worker makes it by now.
    """
    path = storage.export_path(job.pk)
    with storage.written_whole(path) as unfinished:
        written = write(unfinished)
    if not written:
        path.unlink()
        raise Impossible(nothing)
    with transaction.atomic():
        complete(item)
        done()
