"""A pool of reader processes, so that not every file has to start one."""

import atexit
import os
from collections.abc import Iterator
from contextlib import contextmanager

from ml.dicomio.subprocess_reader import Reader

_idle: list[Reader] = []
os.register_at_fork(after_in_child=_idle.clear)  # two processes must not use one pipe


@contextmanager
def lent_reader() -> Iterator[Reader]:
    """Yield a reader process: an idle one if possible, otherwise a new one."""
    reader = _take()
    try:
        yield reader
    finally:
        if reader.is_usable:
            _idle.append(reader)
        else:
            reader.close()


def _take() -> Reader:
    while _idle:
        try:
            reader = _idle.pop()
        except IndexError:  # another thread has taken the last one
            break
        if reader.is_usable:
            return reader
        reader.close()
    return Reader()


@atexit.register
def _end_idle() -> None:
    """End the idle reader processes when this process exits."""
    while _idle:
        _idle.pop().close()
