"""The loop of whoever works behind the pages: steps on time, work as it becomes due, asleep in between."""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import suppress
from datetime import UTC, datetime
from threading import Event, Thread

from django.db import connections
from django.db.models import Min
from django.utils import timezone

from webapp.foundation.core.steps import Step, look_once, where_raised
from webapp.foundation.outbox.leases import Holder, is_dead
from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.registry import Kind
from webapp.foundation.outbox.services import (
    LeaseLostError,
    claim,
    dispatch_due,
    recover,
    renew,
    stopping,
    watch_all,
    work_on,
)
from webapp.foundation.outbox.wake import Alarm, wake

log = logging.getLogger(__name__)
State = OutboxItem.State

#: Seconds between looks where nothing wakes the worker: the safety net, and how late a back-off may end.
SLOW_LOOK = 2.0
#: Seconds between looks at the files of other processes that do our work; they ask the database nothing.
NEWS_LOOK = 0.1
RECOVER_SECONDS = 10.0
#: Seconds between beats of the thread that keeps leases: far less than the shortest lease.
BEAT_SECONDS = 5.0
#: What is under way has so long to come to an end when Readroom is stopped: less than the launcher waits.
SECONDS_TO_END = 5.0
#: Whatever is due, a worker that found nothing to do sleeps so long: what cannot begin yet must not keep it awake.
SHORTEST_SLEEP = 0.1
LATER = datetime.max.replace(tzinfo=UTC)


class Worker:
    """Does some kinds of work in threads, and steps in its own.

    Parameters
    ----------
    kinds
        What it does. Kinds that other processes do are asked for and watched in its own thread.
    steps
        What is done beside, in its own thread.
    urgent
        What is done beside and can wait for nothing: in the thread that keeps the leases, whatever the others do.
    stop
        Ends it.
    """

    def __init__(
        self, kinds: Sequence[Kind], steps: Sequence[Step] = (), *, urgent: Sequence[Step] = (), stop: Event
    ) -> None:
        self.kinds, self.stop = kinds, stop
        stopping.clear()
        self.holder = Holder()
        own = [kind for kind in kinds if kind.watch is None]
        self.threads = ThreadPoolExecutor(sum(kind.policy.at_once for kind in own) or 1, "work")
        self.under_way: dict[Future[None], OutboxItem] = {}
        self.soonest: datetime | None = None
        self.news: list[Callable[[], bool]] = []
        self.steps = [
            Step("recovery of work whose worker died", self._recover, every=RECOVER_SECONDS),
            *steps,
            Step("work that other processes do", self._watch),
            Step("work that is due", self._begin),
        ]
        self.urgent = [*urgent, Step("leases", self._renew)]

    def run(self) -> None:
        """Work until stopped; then let what is under way come to an end."""
        alarm, ended = Alarm(), Event()
        keeper = Thread(target=self._keep, args=(ended,), name="leases", daemon=True)
        keeper.start()
        try:
            while not self.stop.is_set():
                if not look_once(self.steps):
                    self._sleep(alarm)
        finally:
            stopping.set()
            wait_for(self.under_way, timeout=SECONDS_TO_END)
            self.threads.shutdown(wait=False, cancel_futures=True)
            ended.set()
            keeper.join(timeout=BEAT_SECONDS)
            alarm.close()
            # What has not ended by now is taken back as soon as the next worker finds that nobody holds it.
            self.holder.close()
            connections.close_all()

    def _sleep(self, alarm: Alarm) -> None:
        """Sleep until woken, until another process has come further with our work, or until the slow look."""
        deadline = time.monotonic() + min([SLOW_LOOK, *self._sooner()])
        while not self.stop.is_set() and (left := deadline - time.monotonic()) > 0:
            if alarm.sleep(min(left, NEWS_LOOK) if self.news else left) or any(is_new() for is_new in self.news):
                return

    def _sooner(self) -> list[float]:
        """Return in how many seconds something will be due, as far as that is known."""
        asked = [step.seconds_left() for step in self.steps]
        known = [seconds for seconds in asked if seconds is not None]
        if self.soonest is not None:
            known.append((self.soonest - timezone.now()).total_seconds())
        return [max(seconds, SHORTEST_SLEEP) for seconds in known]

    def _keep(self, ended: Event) -> None:
        """Show that this process lives, and do what is urgent, until the end."""
        try:
            while not ended.is_set():
                look_once(self.urgent)
                ended.wait(BEAT_SECONDS)
        finally:
            connections.close_all()

    def _recover(self) -> int:
        return recover(is_dead=is_dead, kinds=[kind for kind in self.kinds if kind.watch is None])

    def _watch(self) -> int:
        """Look after what other processes do; return how much of it came further."""
        watched = {kind.name: kind for kind in self.kinds if kind.watch is not None}
        if not watched:
            return 0
        moved, left = watch_all(watched)
        self.news = [watched[item.kind].news(item) for item in left]
        return moved

    def _begin(self) -> int:
        """Claim what is due; return how much that was."""
        for future in [future for future in self.under_way if future.done()]:
            del self.under_way[future]
        names = [kind.name for kind in self.kinds]
        waiting = OutboxItem.objects.filter(state=State.WAITING, kind__in=names)
        first = dict(waiting.order_by().values_list("kind").annotate(first=Min("next_at")))
        now = timezone.now()
        self.soonest = min((at for at in first.values() if at > now), default=None)
        return sum(self._begin_kind(kind) for kind in self.kinds if first.get(kind.name, LATER) <= now)

    def _begin_kind(self, kind: Kind) -> int:
        if kind.watch is not None:
            return dispatch_due(kind)
        begun = 0
        while (item := claim(kind, holder=self.holder.name)) is not None:
            self.under_way[self.threads.submit(_work, item)] = item
            begun += 1
        return begun

    def _renew(self) -> int:
        """Keep the leases of what is under way, as long as this process lives."""
        # A copy: the loop adds and removes meanwhile. What has ended is not kept, even if its end was not written down.
        at_work = [item for future, item in list(self.under_way.items()) if not future.done()]
        for item in at_work:
            with suppress(LeaseLostError):  # whoever does the work will find that out
                renew(item)
        return 0


def _work(item: OutboxItem) -> None:
    """Do a piece of work in a thread, with a connection of its own, and wake the loop for the next one."""
    try:
        work_on(item)
        wake()
    except Exception as trouble:  # noqa: BLE001 - not even its end could be written down: the lease will expire
        log.error("%s %s: %s: %s", item.kind, item.subject, type(trouble).__name__, where_raised(trouble))  # noqa: TRY400
    finally:
        connections.close_all()
