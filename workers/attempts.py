"""What every kind of work has in common: claimed once, answered whole or not at all, of objects that are as stored."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ml.schemas import Answer
from workers import bell, storage
from workers.heartbeat import beating
from workers.storage import Attempt

Said = TypeVar("Said")


class ObjectError(Exception):
    """A stored object is not what was stored."""


def attempt_published(attempt: Attempt, answered: Callable[[Path], Answer], *, unexpected: Answer) -> None:
    """Claim an attempt and publish its result; a second message for the same attempt does nothing.

    Parameters
    ----------
    answered
        Does the work, with a folder for pictures.
    unexpected
        The result where it raises: a failure is then known at once and not by its silence.
    """
    if not attempt.claim():
        return
    bell.ring(bell.WORK)
    with beating(attempt):
        out = storage.temporary()
        out.mkdir()
        result = unexpected
        try:
            result = answered(out)
        finally:
            (out / "result.json").write_text(result.model_dump_json(), encoding="utf-8")
            attempt.publish(out)
            bell.ring(bell.WORK)


def answered_or_why(
    work: Callable[[], Said], *, known: tuple[type[Exception], ...] = (ObjectError,), what: str
) -> tuple[Said | None, str | None]:
    """Return what the work answers, or in a sentence why it does not.

    Parameters
    ----------
    known
        Errors whose message is for people.
    what
        The work in a word, for a worker without memory enough.
    """
    try:
        return work(), None
    except known as told:
        return None, str(told)
    except MemoryError:
        return None, f"The {what} needs more memory than this worker has."
    except OSError as trouble:
        return None, f"The worker cannot read or write its files ({trouble.strerror})."


def object_checked(sha256: str) -> Path:
    """Return a stored object's path once its bytes are found to be the ones that were stored."""
    path = storage.object_path(sha256)
    try:
        with path.open("rb") as file:
            same = hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except FileNotFoundError as missing:
        raise ObjectError("A stored object of this series is missing.") from missing
    if not same:
        raise ObjectError("A stored object of this series has changed since it arrived: its sha256 differs.")
    return path
