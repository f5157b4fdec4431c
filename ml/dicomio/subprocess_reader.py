"""Reads untrusted files in a separate process, which may crash, hang or run out of memory without harm.

Decoders are written in C, C++ and Rust; a few wrong bytes make some of them loop for ever or abort, which no `except`
catches. Web, workers and command line all read files through this module.
"""

import fcntl
import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ml.dicomio.errors import Refused

#: Seconds that an inspection, a rendering or a frame may take before the process is considered hung.
SECONDS_PER_ANSWER = 30.0
FILES_PER_PROCESS = 500  # then a new process, so that leaks of decoders do not add up
ROOT = Path(__file__).resolve().parents[2]
PIECE = 1 << 20
#: One thread; and freed memory is kept for the next frame, since returning it costs a thousand page faults per frame.
TUNING = {"OPENBLAS_NUM_THREADS": "1", "MALLOC_MMAP_THRESHOLD_": "67108864", "MALLOC_TRIM_THRESHOLD_": "268435456"}


class Reader:
    """A reader process, and the pipes to it."""

    def __init__(self) -> None:
        self.files = 0
        self._ahead = bytearray()  # bytes received but not yet consumed
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ml.reader_process"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            stderr=subprocess.DEVNULL,  # messages of decoders may quote the file
            env={"PATH": os.environ.get("PATH", ""), **TUNING},
            start_new_session=True,
        )
        assert self.process.stdout is not None
        # Large enough for a whole frame, so that the process decodes the next one while this one is analysed.
        fcntl.fcntl(self.process.stdout, fcntl.F_SETPIPE_SZ, PIECE)

    def ask(self, **question: str | int) -> Any:
        """Send one request and return the "ok" value of the response.

        Raises
        ------
        Refused
            If the file is refused, or the process crashed or took too long; the process is ended in these two cases.
        """
        with self._survived():
            self._put(question)
            return _accepted(self._line())["ok"]

    def ask_frames(self, path: Path) -> Generator[tuple[dict[str, Any], bytearray]]:
        """Yield the description of each frame of a file, and its bytes; raises as `ask`."""
        ended = False
        try:
            with self._survived():
                self._put({"do": "frames", "path": str(path)})
            while not ended:
                with self._survived():
                    told = _accepted(self._line())
                    frame = self._bytes(told["bytes"]) if "bytes" in told else None
                if frame is None:
                    ended = True
                else:
                    yield told, frame
        except Refused:
            ended = True
            raise
        finally:
            if not ended:  # the caller stopped early: the pipe still holds frames that nobody will read
                self.close()

    @property
    def is_usable(self) -> bool:
        """Whether the process is alive and has not reached its number of files."""
        return self.process.poll() is None and self.files < FILES_PER_PROCESS

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        self.process.wait()

    @contextmanager
    def _survived(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError as slow:
            self.close()
            raise Refused(
                f"Reading the file took longer than {SECONDS_PER_ANSWER:.0f} seconds; it was given up."
            ) from slow
        except (BrokenPipeError, EOFError) as died:
            self.close()
            raise Refused("The file crashed the process that reads files, which was started anew.") from died

    def _put(self, question: dict[str, str | int]) -> None:
        assert self.process.stdin is not None
        self.files += 1
        self.process.stdin.write(json.dumps(question).encode() + b"\n")

    def _line(self) -> dict[str, Any]:
        deadline = time.monotonic() + SECONDS_PER_ANSWER
        while (end := self._ahead.find(b"\n")) < 0:
            self._more(deadline)
        told: dict[str, Any] = json.loads(self._ahead[:end])
        del self._ahead[: end + 1]
        return told

    def _bytes(self, count: int) -> bytearray:
        deadline = time.monotonic() + SECONDS_PER_ANSWER
        while len(self._ahead) < count:
            self._more(deadline)
        taken = self._ahead[:count]
        del self._ahead[:count]
        return taken

    def _more(self, deadline: float) -> None:
        assert self.process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise TimeoutError
        piece = os.read(self.process.stdout.fileno(), PIECE)
        if not piece:
            raise EOFError
        self._ahead += piece


def _accepted(told: dict[str, Any]) -> dict[str, Any]:
    if "refused" in told:
        raise Refused(told["refused"])
    return told
