"""Reading processes that wait for the next file, so that starting one is paid for once."""

import atexit
import os
from collections.abc import Iterator
from contextlib import contextmanager

from ml.dicomio.subprocess_reader import Reader

_idle: list[Reader] = []
os.register_at_fork(after_in_child=_idle.clear)  # Two processes must not talk into one pipe.


@contextmanager
def lent_reader() -> Iterator[Reader]:
    """Lend a reading process, an idle one where there is one."""
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
        except IndexError:  # Another thread took the last one.
            break
        if reader.is_usable:
            return reader
        reader.close()
    return Reader()


@atexit.register
def _end_idle() -> None:
    """End the processes that wait for a file, with the process that keeps them."""
    while _idle:
        _idle.pop().close()
