"""Who holds leases: a process shows that it lives by holding a lock, which the kernel gives up when it dies."""

import fcntl
import os
from pathlib import Path
from uuid import uuid4

from workers import configuration, storage


def _path(name: str) -> Path:
    return configuration.made(storage.root() / "holders") / name


class Holder:
    """A process that works: its name stands in the rows that it holds, its lock says that it lives."""

    def __init__(self) -> None:
        self.name = uuid4().hex
        self._lock = _path(self.name).open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def close(self) -> None:
        """Hold nothing any more."""
        _path(self.name).unlink(missing_ok=True)
        self._lock.close()


def is_dead(name: str) -> bool:
    """Return whether the process of that name is gone. Where its lock is not there, it said good-bye."""
    try:
        handle = os.open(_path(name), os.O_RDONLY)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        _path(name).unlink(missing_ok=True)
        return True
    finally:
        os.close(handle)
