"""Carrying deliveries: one at a time to each destination, several destinations at once."""

import logging
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections

from webapp.exchange.routing import cstore, stow
from webapp.exchange.routing.models import Delivery, DeliveryObject, Destination
from webapp.exchange.routing.outcomes import Answer, PeerTroubleError
from webapp.exchange.routing.services import (
    STOPPED,
    deliveries_due,
    delivery_begin,
    delivery_end,
    object_settle,
    objects_waiting,
)

log = logging.getLogger(__name__)
#: Destinations that are sent to at once: one that hangs holds up nobody else.
AT_ONCE = 4
#: What an object under way has to be answered when Readroom is stopped: less than the launcher waits.
SECONDS_TO_END = 5.0

OURS = "Readroom's own disk or database does not answer."
BROKEN = "Sending broke down in Readroom itself; its log says where."


@dataclass(frozen=True)
class Ended:
    """How an attempt ended; see `services.delivery_end`."""

    trouble: str
    progressed: bool


def sent(destination: Destination, items: Sequence[DeliveryObject]) -> Iterator[Answer]:
    """Send objects the way that the destination is reached; raises PeerTroubleError as both do."""
    is_stow = destination.kind == Destination.Kind.STOW
    return stow.send_by_stow(destination, items) if is_stow else cstore.send_by_c_store(destination, items)


def carry(delivery: Delivery, stop: threading.Event) -> Ended:
    """Send what is left of a delivery; each answer is written down before the next object goes."""
    progressed = False
    try:
        for answer in sent(delivery.destination, objects_waiting(delivery)):
            object_settle(answer.item, refused=answer.refused, said=answer.said)
            progressed = True
            if stop.is_set():
                return Ended(STOPPED, progressed)
    except (PeerTroubleError, ImproperlyConfigured) as trouble:
        return Ended(str(trouble), progressed)
    except (DatabaseError, OSError) as trouble:
        log.warning("sending is put off: %s", type(trouble).__name__)
        return Ended(OURS, progressed)
    return Ended("", progressed)


class Carrier:
    """Who is being sent to just now."""

    def __init__(self, stop: threading.Event) -> None:
        self.stop = stop
        self.threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="delivery")
        self.under_way: dict[int, tuple[Delivery, Future[Ended]]] = {}

    def tick(self) -> None:
        """Write down what has ended and begin what is due.

        Raises
        ------
        django.db.DatabaseError
            If the database does not answer; what has ended is then written down at the next tick.
        """
        for destination, (delivery, attempt) in list(self.under_way.items()):
            if attempt.done():
                _end(delivery, attempt)
                del self.under_way[destination]
        for delivery in deliveries_due(busy=self.under_way):
            if len(self.under_way) < AT_ONCE and delivery_begin(delivery):
                self.under_way[delivery.destination_id] = (delivery, self.threads.submit(self._carry, delivery))

    def close(self) -> None:
        """Let what is under way come to its next answer; what does not in time is taken back at the next start."""
        wait_for([attempt for _, attempt in self.under_way.values()], timeout=SECONDS_TO_END)
        for delivery, attempt in self.under_way.values():
            if attempt.done():
                _end(delivery, attempt)
        self.threads.shutdown(wait=False)

    def _carry(self, delivery: Delivery) -> Ended:
        try:
            return carry(delivery, self.stop)
        finally:
            connections.close_all()


def _end(delivery: Delivery, attempt: "Future[Ended]") -> None:
    if (mistake := attempt.exception()) is not None:
        log.error("sending broke down", exc_info=mistake)
    ended = Ended(BROKEN, progressed=False) if mistake else attempt.result()
    delivery_end(delivery, trouble=ended.trouble, progressed=ended.progressed)
