"""The eight statuses of a series, and the query that computes them."""

from enum import StrEnum
from typing import TYPE_CHECKING, TypedDict
from uuid import UUID

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When

from webapp.imaging.archive.models import Instance, Series
from webapp.imaging.inference.models import Run

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


class Status(StrEnum):
    """Status of a series: eight different things that must never look alike."""

    FINDINGS = "findings"
    NEGATIVE = "negative"
    SORTED_ONLY = "sorted_only"
    NOT_ANALYSED = "not_analysed"
    FAILED = "failed"
    RUNNING = "running"
    QUEUED = "queued"
    RECEIVING = "receiving"


#: Statuses that will change without anybody doing anything.
LIVE = frozenset({Status.RUNNING, Status.QUEUED, Status.RECEIVING})
#: Run state -> status; the status of a finished run is its outcome.
OF_STATE = {
    Run.State.QUEUED: Status.QUEUED,
    Run.State.DISPATCHED: Status.QUEUED,
    Run.State.RUNNING: Status.RUNNING,
    Run.State.QUARANTINED: Status.FAILED,
}


#: Whether a series needs a run: none has been requested yet, or images have arrived since.
NEEDS_ANALYSIS = Q(analysis_requested_at__isnull=True) | Q(analysis_requested_at__lt=F("last_arrival_at"))


class StatusColumns(TypedDict):
    """The columns that `with_status` adds to a series."""

    newest_run: UUID | None
    status: str
    holds_images: bool


def with_status(series: QuerySet[Series]) -> "QuerySet[WithAnnotations[Series, StatusColumns]]":
    """Add `newest_run` (its id), `status` and `holds_images`, computed in SQL so that they can be counted and filtered.

    Series that Readroom created from a run's results are left out: they are never analysed.
    """
    newest = Run.objects.filter(series=OuterRef("pk")).order_by("-created_at")
    images = Instance.objects.filter(series=OuterRef("pk"), has_pixels=True)
    annotated = series.filter(result=None).annotate(
        newest_run=Subquery(newest.values("pk")[:1]),
        newest_state=Subquery(newest.values("state")[:1]),
        newest_outcome=Subquery(newest.values("outcome")[:1]),
        holds_images=Exists(images),
    )
    return annotated.annotate(
        status=Case(
            When(holds_images=False, then=Value(Status.NOT_ANALYSED.value)),
            When(NEEDS_ANALYSIS, then=Value(Status.RECEIVING.value)),
            # Housekeeping has requested the analysis and is about to create the run.
            When(newest_run__isnull=True, then=Value(Status.QUEUED.value)),
            *(When(newest_state=state, then=Value(status.value)) for state, status in OF_STATE.items()),
            default="newest_outcome",
        )
    )
