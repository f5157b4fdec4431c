"""What long-running commands have in common: they look again and again, show that they live, and end when asked to."""

import logging
import signal
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import FrameType

from django.db import DatabaseError, close_old_connections

from workers import storage

log = logging.getLogger(__name__)
PAUSE = 0.5
PAUSE_AFTER_TROUBLE = 5.0


def stop_on_signals() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set."""
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    return stop


def run_forever(
    look: Callable[[], object], *, stop: threading.Event, recover: Callable[[], object] | None = None
) -> None:
    """Look, pause, look again; a disk or database in trouble is waited for, not died of.

    Parameters
    ----------
    look
        What is done each time; it returns something true where there may be more to do at once.
    recover
        Done once before the first look: takes back what a predecessor left in the middle.
    """
    while not stop.is_set():
        pause = PAUSE
        try:
            if recover is not None:
                recover()
                recover = None
            pause = 0 if look() else PAUSE
        except (DatabaseError, OSError) as trouble:
            log.warning("waiting: %s", type(trouble).__name__)
            close_old_connections()
            pause = PAUSE_AFTER_TROUBLE
        stop.wait(pause)


@dataclass(frozen=True)
class Heartbeat:
    """The last sign of life of a service, and what it could not do then."""

    name: str
    at: datetime
    troubles: list[str]


def record_heartbeat(name: str, troubles: Iterable[str] = ()) -> None:
    """Show that a process lives, for its health check, and what it cannot do, a line each, for the operations page."""
    (storage.root() / f"{name}.alive").write_text("\n".join(troubles), encoding="utf-8")


def heartbeats() -> list[Heartbeat]:
    """Return the last sign of life of every service that ever gave one."""
    return [
        Heartbeat(
            path.stem,
            datetime.fromtimestamp(path.stat().st_mtime, tz=UTC),
            path.read_text(encoding="utf-8").splitlines(),
        )
        for path in sorted(storage.root().glob("*.alive"))
    ]
