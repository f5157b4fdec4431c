"""Steps of a daemon, apart from one another: one that fails is logged, counted and tried again; the others go on."""

import logging
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.db import close_old_connections

log = logging.getLogger(__name__)

#: Seconds until a step that failed is tried again: doubled after each failure in a row, up to the longest.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
#: The innermost frames that the log names: enough to find the place.
FRAMES_LOGGED = 6


def where_raised(trouble: BaseException) -> str:
    """Return the innermost frames of an exception as file:line in function: no message, which may name a patient."""
    frames = traceback.extract_tb(trouble.__traceback__)[-FRAMES_LOGGED:]
    return " < ".join(f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in reversed(frames))


@dataclass
class Step:
    """Something that a daemon does again and again.

    Attributes
    ----------
    name
        What it is, for the log and for the operations page.
    work
        Does what is due, and returns how much that was.
    every
        Seconds between two looks at least; 0 at every look.
    failures
        Failures in a row; 0 where the last look went well.
    public_errors
        Exceptions whose message is for people, and says nothing about a patient.
    trouble
        The last failure in words, empty where the last look went well: its kind, or the message of a public error.
    sooner
        Asked before the daemon falls asleep: in how many seconds there will be something to do; None: nobody knows.
    """

    name: str
    work: Callable[[], int]
    every: float = 0.0
    sooner: Callable[[], float | None] = lambda: None
    public_errors: tuple[type[Exception], ...] = ()
    failures: int = field(default=0, init=False)
    trouble: str = field(default="", init=False)
    due_at: float = field(default=0.0, init=False)

    def look(self) -> int:
        """Do what is due, and return how much that was; whatever it raises stays here and puts it off."""
        if time.monotonic() < self.due_at:
            return 0
        try:
            did = self.work()
        except Exception as trouble:  # noqa: BLE001 - a step that fails must not stop another
            self._failed(trouble)
            return 0
        if self.failures:
            log.info("%s: works again after %d failures", self.name, self.failures)
        self.failures, self.trouble = 0, ""
        self.due_at = time.monotonic() + self.every
        return did

    def _failed(self, trouble: Exception) -> None:
        self.failures += 1
        self.trouble = str(trouble) if isinstance(trouble, self.public_errors) else type(trouble).__name__
        pause = min(FIRST_PAUSE * 2 ** (self.failures - 1), LONGEST_PAUSE)
        self.due_at = time.monotonic() + pause
        log.error(
            "%s: failed (%s, %d in a row), again in %d s: %s",
            self.name,
            self.trouble,
            self.failures,
            pause,
            where_raised(trouble),
        )
        close_old_connections()

    def seconds_left(self) -> float | None:
        """Return in how many seconds the step wants to look again; None where it does not know."""
        if self.failures:
            return self.due_at - time.monotonic()
        try:
            return self.sooner()
        except Exception as trouble:  # noqa: BLE001 - as in look
            self._failed(trouble)
            return None


def look_once(steps: Sequence[Step]) -> int:
    """Let every step do what is due, in their order; return how much that was."""
    return sum(step.look() for step in steps)
