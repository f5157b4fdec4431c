"""A series as lists show it: its type, and the status of its analysis."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from webapp.foundation.core.formatting import Look
from webapp.imaging.archive.models import Series
from webapp.imaging.inference.models import Run
from webapp.imaging.inference.presenters import STATUSES, describe_kind
from webapp.imaging.inference.series_status import Status, StatusColumns, with_status

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


@dataclass(frozen=True)
class SeriesRow:
    """One series with its newest run and its status."""

    series: "WithAnnotations[Series, StatusColumns]"
    run: Run | None
    status: Status

    @property
    def look(self) -> Look:
        """How its status is displayed."""
        return STATUSES[self.status]

    @property
    def kind(self) -> list[str]:
        """Modality, body part and plane, for display."""
        return describe_kind(self.series, self.run)

    @property
    def reason(self) -> str:
        """Why it was not analysed, or why the analysis failed; "" for any other status."""
        if self.run is None:
            return "Holds no image." if self.status == Status.NOT_ANALYSED else ""
        return self.run.reason if self.status in {Status.NOT_ANALYSED, Status.FAILED} else ""

    @property
    def holds_images(self) -> bool:
        """Whether it contains an image."""
        return bool(self.series.holds_images)

    @property
    def contradicts(self) -> bool:
        """Whether header and pixels contradict each other."""
        return self.run is not None and bool(self.run.contradictions)


def series_rows(series: QuerySet[Series]) -> list[SeriesRow]:
    """Return the rows of series, with their newest runs, in two queries."""
    found = list(with_status(series))
    runs = Run.objects.in_bulk([one.newest_run for one in found if one.newest_run])
    return [SeriesRow(one, runs.get(one.newest_run), Status(one.status)) for one in found]
