"""A worker's sign of life while it works on an attempt."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from workers.storage import Attempt

SECONDS = 1.0


@contextmanager
def beating(attempt: Attempt) -> Iterator[None]:
    """Touch the attempt's heartbeat every second until the block ends."""
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(SECONDS):
            attempt.heartbeat.touch()

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
