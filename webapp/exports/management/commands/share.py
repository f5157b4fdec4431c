"""manage.py share: what leaves by itself, made and sent until stopped."""

import logging
import threading
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections

from webapp.exports.making import export_make, export_next, exports_expire
from webapp.receiving.stopping import stop_on_signals
from workers import storage

log = logging.getLogger(__name__)
PAUSE = 0.5
PAUSE_AFTER_TROUBLE = 5.0


class Command(BaseCommand):
    """Make exports."""

    help = "Make exports until stopped (SIGTERM or SIGINT)."

    def handle(self, *args: Any, **options: Any) -> None:
        """Work side by side: a long export keeps nothing else waiting."""
        stop = stop_on_signals()
        threads = [threading.Thread(target=repeated, args=(work, stop), name=work.__name__) for work in (exports_made,)]
        for thread in threads:
            thread.start()
        while not stop.wait(1):
            if all(thread.is_alive() for thread in threads):
                (storage.root() / "sharing.alive").touch()
        for thread in threads:
            thread.join(timeout=5)


def repeated(work: Callable[[], int], stop: threading.Event) -> None:
    """Work, pause, work again; a database or disk in trouble is waited for, not died of."""
    while not stop.is_set():
        pause = PAUSE
        try:
            pause = 0 if work() else PAUSE
        except (DatabaseError, OSError) as trouble:
            log.warning("%s waits: %s", work.__name__, type(trouble).__name__)
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
