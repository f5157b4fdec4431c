"""Work that a process of another kind does: asked for in a file, rung for, watched until its answer lies there.

The worker that owns the networks knows no database. It claims an attempt by making a file, touches it while it lives,
and lets its answer appear by one rename (`workers.storage.Attempt`). A ring may get lost or come twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from pydantic import BaseModel, ValidationError

from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.registry import Policy
from webapp.foundation.outbox.services import RetryLater, hold, renew
from workers import api, storage
from workers.storage import Attempt

#: A worker that gave no sign of life for so long is taken for dead (it gives one every second).
LEASE_SECONDS = 6.0
#: A ring that nobody answered is repeated after this.
RING_AGAIN = timedelta(seconds=8)

LOST = "The worker stopped before it finished."
OTHER_VERSION = "The worker's answer cannot be read: web and worker may be of two versions."


def policy(*, at_once: int) -> Policy:
    """Return how remote work is tried: three times, at once."""
    return Policy(
        failures_allowed=3, first_pause=timedelta(0), longest_pause=timedelta(0), lease=RING_AGAIN, at_once=at_once
    )


def _nothing(_item: OutboxItem) -> None:
    pass


@dataclass(frozen=True)
class Remote:
    """How one kind of remote work is asked for and collected.

    Attributes
    ----------
    task
        Name of the worker's task.
    request
        What is asked, for the worker to read.
    collect
        Takes the answer's text: completes the item, or raises RetryLater or Impossible.
    started, rung_again
        What else changes with the first sign of life, and with a ring that is repeated.
    """

    task: str
    request: Callable[[OutboxItem], BaseModel]
    collect: Callable[[OutboxItem, str], None]
    started: Callable[[OutboxItem], None] = _nothing
    rung_again: Callable[[OutboxItem], None] = _nothing

    def dispatch(self, item: OutboxItem) -> None:
        """Write down what is asked, then ring. Both may be repeated."""
        storage.write_text(_attempt(item).request, self.request(item).model_dump_json())
        api.dispatch(run=UUID(item.subject), attempt=item.attempt, task=self.task)

    def watch(self, item: OutboxItem) -> bool:
        """Collect the answer, or notice that the worker or its ring is gone; return whether anything changed.

        Raises
        ------
        webapp.foundation.outbox.services.RetryLater
            If the worker is lost, or its answer cannot be read.
        """
        attempt = _attempt(item)
        if attempt.result.exists():
            try:
                self.collect(item, attempt.result.read_text(encoding="utf-8"))
            except ValidationError:
                raise RetryLater(OTHER_VERSION) from None
            return True
        silence, lease = attempt.heartbeat_age(), item.lease_expires_at
        is_begun = lease is None
        if is_begun if silence is None else silence > LEASE_SECONDS:
            raise RetryLater(LOST)  # also where it was seen at work, and its files are gone
        if lease is None or (silence is None and lease > timezone.now()):
            return False
        with transaction.atomic():
            if silence is not None:
                hold(item)
                self.started(item)
                return True
            renew(item)
            self.rung_again(item)
        self.dispatch(item)
        return True

    def news(self, item: OutboxItem) -> Callable[[], bool]:
        """Return what looks whether the attempt came further, by its files alone."""
        attempt = _attempt(item)
        is_begun = attempt.heartbeat.exists()

        def is_further() -> bool:
            return attempt.result.exists() or (not is_begun and attempt.heartbeat.exists())

        return is_further


def _attempt(item: OutboxItem) -> Attempt:
    return Attempt(UUID(item.subject), item.attempt)
