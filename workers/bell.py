"""Bells: a process waits for one without looking again and again, another one rings it. A ring may get lost.

Each listener has a FIFO of its own in the data folder, so that all of them hear. It reaches processes of one machine,
containers that share the folder among them; whoever listens therefore looks by itself too, now and then.
"""

import os
import select
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from workers import configuration

#: The web's work behind the pages: something may be due, or an answer has come.
WORK = "work"
#: The embedded queue: a message waits.
QUEUE = "queue"


def _folder(name: str) -> Path:
    return configuration.made(configuration.data_folder() / "bells" / name)


def ring(name: str) -> None:
    """Let everybody who listens to a bell know; whoever died is forgotten."""
    for fifo in _folder(name).iterdir():
        if fifo.suffix:  # not there yet
            continue
        try:
            handle = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody has it open any more
            fifo.unlink(missing_ok=True)
            continue
        with suppress(BlockingIOError, BrokenPipeError):  # full: it will wake up anyway
            os.write(handle, b".")
        os.close(handle)


class Listener:
    """Whoever waits for a bell."""

    def __init__(self, name: str) -> None:
        self._path = _folder(name) / uuid4().hex
        unfinished = self._path.with_suffix(".new")
        os.mkfifo(unfinished, 0o600)
        # For reading and writing: a FIFO that nobody has open for writing would be readable all the time.
        self._handle = os.open(unfinished, os.O_RDWR | os.O_NONBLOCK)
        unfinished.rename(self._path)

    def wait(self, seconds: float, *, also: Iterable[int] = ()) -> bool:
        """Sleep until the bell rings, something can be read from another file, or the time is over; True if rung."""
        ready, _, _ = select.select([self._handle, *also], [], [], max(0.0, seconds))
        if self._handle in ready:
            with suppress(BlockingIOError):
                os.read(self._handle, 65536)
        return bool(ready)

    def close(self) -> None:
        """Listen no longer."""
        self._path.unlink(missing_ok=True)
        os.close(self._handle)
