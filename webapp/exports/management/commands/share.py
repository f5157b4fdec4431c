"""manage.py share: what leaves by itself, made and sent until stopped."""

import fcntl
import logging
import threading
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, close_old_connections

from webapp.exports.making import export_make, export_next, exports_expire, exports_recover
from webapp.receiving.stopping import stop_on_signals
from webapp.webhooks.sending import notices_send
from webapp.webhooks.services import notices_recover
from workers import storage

log = logging.getLogger(__name__)
PAUSE = 0.5
PAUSE_AFTER_TROUBLE = 5.0
Work = Callable[[], int]


class Command(BaseCommand):
    """Make exports and send notices."""

    help = "Make exports and send notices (webhooks) until stopped (SIGTERM or SIGINT)."

    def handle(self, *args: Any, **options: Any) -> None:
        """Be the only one; work side by side: a long export keeps no notice waiting."""
        with (storage.root() / "sharing.lock").open("w") as turn:
            try:
                fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CommandError("Another process of this Readroom makes exports already.") from None
            share(stop=stop_on_signals())


def share(*, stop: threading.Event) -> None:
    """Work until asked to stop, and show that both hands live; raises CommandError where one of them died."""
    works: tuple[tuple[Work, Work], ...] = ((exports_recover, exports_made), (notices_recover, notices_send))
    threads = [threading.Thread(target=repeated, args=(*work, stop), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    while not stop.wait(1):
        if not all(thread.is_alive() for thread in threads):
            raise CommandError("A mistake of ours ended this; it is started again.")
        (storage.root() / "sharing.alive").touch()
    for thread in threads:
        thread.join(timeout=5)  # what is not done by then is taken back at the next start


def repeated(recover: Work, work: Work, stop: threading.Event) -> None:
    """Take back what was left, then work, pause, work again; a database or disk in trouble is waited for."""
    recovered = False
    while not stop.is_set():
        pause = PAUSE
        try:
            if not recovered:
                recover()
                recovered = True
            pause = 0 if work() else PAUSE
        except (DatabaseError, OSError) as trouble:
            log.warning("waiting: %s", type(trouble).__name__)
            pause = PAUSE_AFTER_TROUBLE
        close_old_connections()
        stop.wait(pause)


def exports_made() -> int:
    """Make the next export; return how many were due."""
    exports_expire()
    export = export_next()
    if export is not None:
        export_make(export)
    return int(export is not None)
