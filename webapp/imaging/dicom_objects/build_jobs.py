"""What all jobs that build DICOM objects share: a temporary folder, and failures turned into sentences for people."""

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

#: Objects of one series or study are built in the order in which they were requested, since a later report refers to
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
    """Something needed to build the objects is missing; the message is stored and shown to people."""


@dataclass(frozen=True)
class Built:
    """One object, written to a file but not stored yet; `kind` is one of `ResultSeries.Kind`."""

    kind: str
    path: Path


def build_and_store(work: Callable[[Path], None], *, named: str) -> None:
    """Call `work` with a temporary folder, and turn failures that people should read about into `RetryLater`.

    Parameters
    ----------
    work
        Builds and stores the objects; its argument is an empty folder, which is removed afterwards.
    named
        How the log names the work; never contains patient data.

    Raises
    ------
    webapp.foundation.outbox.services.RetryLater
        If the objects could not be built, with the reason.
    OSError, django.db.DatabaseError
        If the disk or the database fails.
    webapp.foundation.outbox.services.LeaseLostError
        If another attempt stored the objects first.
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
    """Return a callback that stores the reason of a failed attempt in the item's row of `model`."""

    def put_off(item: OutboxItem) -> None:
        model._default_manager.filter(pk=item.subject).update(reason=item.reason[:300])

    return put_off


def failed_in(model: type[Model]) -> Callable[[OutboxItem, str], None]:
    """Return a callback that marks the item's row of `model` as failed, with the reason."""

    def failed(item: OutboxItem, _why: str) -> None:
        ended = {"state": "failed", "reason": item.reason[:300], "finished_at": timezone.now()}
        model._default_manager.filter(pk=item.subject).update(**ended)

    return failed
