"""Reading untrusted files in a process of its own that may crash, hang or run out of memory."""

import atexit
import json
import os
import queue
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ml.reading.inspect import Inspection
from ml.reading.refusal import Refused

SECONDS_PER_FILE = 30.0
#: Reading processes that a web process keeps: as many files are read at once.
PROCESSES = 2
FILES_PER_PROCESS = 500  # then a fresh one, so that nothing that a decoder leaks adds up
ROOT = Path(__file__).resolve().parent.parent


class Reader:
    """One reading process and the pipe to it; it is given `seconds` for a file."""

    def __init__(self, *, seconds: float = SECONDS_PER_FILE) -> None:
        self.seconds = seconds
        self.files = 0
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ml.reading"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            stderr=subprocess.DEVNULL,  # A decoder's own words may quote the file.
            env={"PATH": os.environ.get("PATH", ""), "OPENBLAS_NUM_THREADS": "1"},
            start_new_session=True,
        )

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Ask one question and wait for its answer.

        Raises
        ------
        Refused
            If the file is refused, or the process died of it or took too long; the process is then gone.
        """
        assert self.process.stdin is not None
        self.files += 1
        try:
            self.process.stdin.write(json.dumps(question).encode() + b"\n")
            answer: dict[str, Any] = json.loads(self._line())
        except TimeoutError as slow:
            self.close()
            raise Refused(f"Reading the file took longer than {self.seconds:.0f} seconds; it was given up.") from slow
        except (BrokenPipeError, EOFError) as died:
            self.close()
            raise Refused("The file crashed the process that reads files, which was started anew.") from died
        if "refused" in answer:
            raise Refused(answer["refused"])
        return answer

    def _line(self) -> bytes:
        assert self.process.stdout is not None
        deadline, told = time.monotonic() + self.seconds, b""
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while not told.endswith(b"\n"):
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError
                piece = os.read(self.process.stdout.fileno(), 1 << 16)
                if not piece:
                    raise EOFError
                told += piece
        return told

    @property
    def is_usable(self) -> bool:
        """Whether the process lives and is not worn."""
        return self.process.poll() is None and self.files < FILES_PER_PROCESS

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        self.process.wait()


_idle: queue.LifoQueue[Reader | None] = queue.LifoQueue()
for _ in range(PROCESSES):
    _idle.put(None)


@contextmanager
def _reader() -> Iterator[Reader]:
    """Lend a reading process; at most PROCESSES are lent at once, the next caller waits."""
    reader = _usable(_idle.get())
    try:
        reader = reader or Reader()
        yield reader
    finally:
        _idle.put(_usable(reader))


def _usable(reader: Reader | None) -> Reader | None:
    """Return the process if more can be asked of it, else end it."""
    if reader is None or reader.is_usable:
        return reader
    reader.close()
    return None


@atexit.register
def _end_idle() -> None:
    """End the processes that wait for a file, with the process that keeps them."""
    while not _idle.empty():
        if reader := _idle.get():
            reader.close()


def inspect(path: Path) -> Inspection:
    """Return what intake must know of a file; see `ml.reading.inspect.inspect`."""
    with _reader() as reader:
        return Inspection.model_validate(reader.ask({"do": "inspect", "path": str(path)})["ok"])


def draw(path: Path, *, frame: int, out: Path) -> None:
    """Draw one frame (from 0) of a stored file as PNG at `out`."""
    with _reader() as reader:
        reader.ask({"do": "draw", "path": str(path), "frame": frame, "out": str(out)})
