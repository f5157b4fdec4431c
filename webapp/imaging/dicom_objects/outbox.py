"""Objects that are owed: claimed, made, filed all together or not at all, given up after some attempts."""

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from django.db import OperationalError
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from webapp.imaging.dicom_objects.models import OwedObjects
from workers import api, storage

log = logging.getLogger(__name__)

ATTEMPTS_ALLOWED = 3
#: What somebody works on, or could not be made, is taken up again after this.
AGAIN = timedelta(minutes=2)
State = OwedObjects.State
Row = TypeVar("Row", bound=OwedObjects)

DIED = "The process that makes objects stopped in the middle of these, each time."
UNFIT = "The headers of these images hold something that no valid object can be made of ({kind})."


class BuildFailedError(Exception):
    """Something that the objects need is missing; the message is kept for people."""


@dataclass(frozen=True)
class Built:
    """One object, written but not filed; `kind` is one of `ResultSeries.Kind`."""

    kind: str
    path: Path


def claimed_of(rows: QuerySet[Row]) -> Row | None:
    """Take the oldest row that is due, its attempt counted before any work starts; None where there is none."""
    now = timezone.now()
    due = rows.filter(Q(tried_at=None) | Q(tried_at__lt=now - AGAIN), state=State.OWED)
    claimed = due.order_by("pk").first()
    if claimed is None:
        return None
    if claimed.attempts >= ATTEMPTS_ALLOWED:
        given_up(claimed, claimed.reason or DIED)
        return None
    seen = _rows(claimed).filter(pk=claimed.pk, state=State.OWED, attempts=claimed.attempts)
    if not seen.update(attempts=F("attempts") + 1, tried_at=now):
        return None
    claimed.attempts += 1
    return claimed


def attempted(claimed: OwedObjects, work: Callable[[Path], None], *, named: str) -> None:
    """Do the work in a folder of its own; keep why it could not be done, and go on.

    Parameters
    ----------
    work
        Builds and files, given an empty folder.
    named
        What it is for the log: never a word about a patient.

    Raises
    ------
    OSError, django.db.OperationalError
        If disk or database fail: the row stays owed, and the attempt does not count.
    """
    with _folder() as into:
        try:
            work(into)
        except (OSError, OperationalError):
            same = _rows(claimed).filter(pk=claimed.pk, attempts=claimed.attempts)
            same.update(attempts=F("attempts") - 1)
            raise
        except (api.Refused, BuildFailedError) as refused:
            given_up(claimed, str(refused))
        except Exception as unfit:  # noqa: BLE001 - whatever a header makes the library raise, housekeeping lives on
            # Not the message: it may quote the patient.
            log.warning("%s: %s", named, type(unfit).__name__)
            given_up(claimed, UNFIT.format(kind=type(unfit).__name__))


def given_up(claimed: OwedObjects, reason: str) -> None:
    """Keep why it did not work; after the last attempt, for good."""
    moved(claimed, State.FAILED if claimed.attempts >= ATTEMPTS_ALLOWED else State.OWED, reason=reason)


def moved(claimed: OwedObjects, state: str, *, reason: str, **more: object) -> bool:
    """Move a row, if its attempt is still the current one."""
    over = timezone.now() if state != State.OWED else None
    current = _rows(claimed).filter(pk=claimed.pk, state=State.OWED, attempts=claimed.attempts)
    return bool(current.update(state=state, reason=reason[:300], finished_at=over, **more))


@contextmanager
def _folder() -> Iterator[Path]:
    into = storage.temporary()
    into.mkdir()
    try:
        yield into
    finally:
        shutil.rmtree(into, ignore_errors=True)


def _rows(row: OwedObjects) -> QuerySet[Any]:
    return type(row)._default_manager.all()
