"""What making objects has in common, whoever is owed them: a folder of its own, and reasons in words."""

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.db import DatabaseError
from django.db.models import Model
from django.utils import timezone

from webapp.foundation.core.steps import where_raised
from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.registry import Policy
from webapp.foundation.outbox.services import LeaseLostError, RetryLater
from workers import api, storage

log = logging.getLogger(__name__)

#: Objects of one series, or one study, are made in the order in which they became necessary: the later report names
#: the earlier one.
POLICY = Policy(
    failures_allowed=3,
    first_pause=timedelta(minutes=2),
    longest_pause=timedelta(minutes=2),
    lease=timedelta(minutes=2),
    in_order=True,
)

UNFIT = "The headers of these images hold something that no valid object can be made of ({kind})."


class BuildFailedError(Exception):
    """Something that the objects need is missing; the message is kept for people."""


@dataclass(frozen=True)
class Built:
    """One object, written but not filed; `kind` is one of `ResultSeries.Kind`."""

    kind: str
    path: Path


def build_and_store(work: Callable[[Path], None], *, named: str) -> None:
    """Do the work in a folder of its own.

    Parameters
    ----------
    work
        Builds and files, given an empty folder.
    named
        What it is for the log: never a word about a patient.

    Raises
    ------
    webapp.foundation.outbox.services.RetryLater
        With why it could not be done.
    OSError, django.db.DatabaseError
        If disk or database fail.
    """
    with _folder() as into:
        try:
            work(into)
        except (OSError, DatabaseError, LeaseLostError):
            raise
        except (api.Refused, BuildFailedError) as refused:
            raise RetryLater(str(refused)) from None
        except Exception as unfit:  # noqa: BLE001 - whatever a header makes the library raise
            # Not the message: it may quote the patient.
            kind = type(unfit).__name__
            log.warning("%s: %s: %s", named, kind, where_raised(unfit))
            raise RetryLater(UNFIT.format(kind=kind)) from None


@contextmanager
def _folder() -> Iterator[Path]:
    into = storage.temporary()
    into.mkdir()
    try:
        yield into
    finally:
        shutil.rmtree(into, ignore_errors=True)


def put_off_in(model: type[Model]) -> Callable[[OutboxItem], None]:
    """Return what writes into a row of what is owed why an attempt failed."""

    def put_off(item: OutboxItem) -> None:
        model._default_manager.filter(pk=item.subject).update(reason=item.reason[:300])

    return put_off


def failed_in(model: type[Model]) -> Callable[[OutboxItem, str], None]:
    """Return what writes into a row of what is owed that its last attempt failed, and why."""

    def failed(item: OutboxItem, _why: str) -> None:
        ended = {"state": "failed", "reason": item.reason[:300], "finished_at": timezone.now()}
        model._default_manager.filter(pk=item.subject).update(**ended)

    return failed
