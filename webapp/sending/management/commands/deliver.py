"""manage.py deliver: what carries deliveries to their destinations."""

import fcntl
import logging
import threading
import warnings
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, close_old_connections

from webapp.receiving.stopping import stop_on_signals
from webapp.sending.carrier import Carrier
from webapp.sending.services import deliveries_recover
from workers import storage

log = logging.getLogger(__name__)
PAUSE = 0.5
PAUSE_AFTER_TROUBLE = 5.0


class Command(BaseCommand):
    """Send what waits until stopped."""

    help = "Send to destinations what waits for it, until stopped (SIGTERM or SIGINT)."

    def handle(self, *args: Any, **options: Any) -> None:
        """Be the only one, take back what a predecessor left in the middle, then look again and again."""
        warnings.simplefilter("ignore")  # pydicom's quote values of the object
        with (storage.root() / "delivery.lock").open("w") as turn:
            try:
                fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CommandError("Another process of this Readroom sends already.") from None
            deliver(stop=stop_on_signals())


def deliver(*, stop: threading.Event) -> None:
    """Look, pause, look again; a disk or database in trouble is waited for, not died of."""
    carrier, recovered = Carrier(stop), False
    log.info("sending")
    while not stop.is_set():
        pause = PAUSE
        try:
            if not recovered:
                deliveries_recover()
                recovered = True
            carrier.tick()
            (storage.root() / "delivery.alive").touch()
        except (DatabaseError, OSError) as trouble:
            log.warning("waiting: %s", type(trouble).__name__)
            close_old_connections()
            pause = PAUSE_AFTER_TROUBLE
        stop.wait(pause)
    carrier.close()
