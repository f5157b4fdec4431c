"""The loop of whoever works behind the pages: steps on time, work as it becomes due, asleep in between."""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from threading import Event

from django.db import connections
from django.utils import timezone

from webapp.foundation.core.steps import Step, look_once, where_raised
from webapp.foundation.outbox.leases import Holder, is_dead
from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.registry import Kind
from webapp.foundation.outbox.services import claim, recover, work_on
from webapp.foundation.outbox.wake import Alarm, wake

log = logging.getLogger(__name__)

#: Seconds between looks where nothing wakes the worker: the safety net, and how late a back-off may end.
SLOW_LOOK = 2.0
#: Seconds between looks at files of workers that are under way; no question to the database.
NEWS_LOOK = 0.1
RECOVER_SECONDS = 10.0
#: What is under way has so long to come to an end when Readroom is stopped: less than the launcher waits.
SECONDS_TO_END = 5.0


def _no_news() -> bool | None:
    return None


class Worker:
    """Does some kinds of work in threads, and steps in its own.

    Parameters
    ----------
    kinds, steps
        What it does.
    stop
        Ends it.
    news
        Looks, without the database, whether something that other processes do has come further. None: they do
        nothing; so nobody looks.
    """

    def __init__(
        self, kinds: Sequence[Kind], steps: Sequence[Step], *, stop: Event, news: Callable[[], bool | None] = _no_news
    ) -> None:
        self.kinds, self.stop, self.news = kinds, stop, news
        self.holder = Holder()
        self.threads = ThreadPoolExecutor(sum(kind.policy.at_once for kind in kinds) or 1, "work")
        self.under_way: dict[Future[None], OutboxItem] = {}
        self.renewed = time.monotonic()
        self.steps = [
            Step("recovery of work whose worker died", self._recover, every=RECOVER_SECONDS),
            *steps,
            Step("leases", self._renew),
            Step("work that is due", self._begin),
        ]

    def run(self) -> None:
        """Work until stopped; then let what is under way come to an end."""
        alarm = Alarm()
        try:
            while not self.stop.is_set():
                if not look_once(self.steps):
                    self._sleep(alarm)
        finally:
            alarm.close()
            self.close()

    def close(self) -> None:
        """Wait a little for what is under way; what does not end in time is taken back by the next worker."""
        wait_for(self.under_way, timeout=SECONDS_TO_END)
        self.threads.shutdown(wait=False, cancel_futures=True)
        self.holder.close()
        connections.close_all()

    def _sleep(self, alarm: Alarm) -> None:
        deadline = time.monotonic() + SLOW_LOOK
        while not self.stop.is_set() and (left := deadline - time.monotonic()) > 0:
            news = self.news()
            if news or alarm.sleep(left if news is None else min(left, NEWS_LOOK)):
                return

    def _recover(self) -> int:
        return recover(is_dead=is_dead, kinds=self.kinds)

    def _begin(self) -> int:
        """Claim what is due, each in a thread of its own; return how much that was."""
        names = {kind.name for kind in self.kinds}
        due = OutboxItem.objects.filter(state=OutboxItem.State.WAITING, next_at__lte=timezone.now(), kind__in=names)
        waiting = set(due.order_by().values_list("kind", flat=True).distinct())
        return sum(self._begin_kind(kind) for kind in self.kinds if kind.name in waiting)

    def _begin_kind(self, kind: Kind) -> int:
        begun = 0
        while (item := claim(kind, holder=self.holder.name)) is not None:
            self.under_way[self.threads.submit(_work, item)] = item
            begun += 1
        return begun

    def _renew(self) -> int:
        """Forget what has ended; keep the leases of the rest, as long as this process lives."""
        for future in [future for future in self.under_way if future.done()]:
            del self.under_way[future]
        shortest = min((kind.policy.lease.total_seconds() for kind in self.kinds), default=60.0)
        if not self.under_way or time.monotonic() - self.renewed < shortest / 4:
            return 0
        self.renewed = time.monotonic()
        for kind in self.kinds:
            mine = OutboxItem.objects.filter(state=OutboxItem.State.LEASED, holder=self.holder.name, kind=kind.name)
            mine.update(lease_expires_at=timezone.now() + kind.policy.lease)
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
