"""Answers that late images have superseded: nothing of them is replaced, and they can be read."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from webapp.foundation.core.formatting import Look
from webapp.imaging.archive.models import Instance, Series
from webapp.imaging.inference.models import Run
from webapp.imaging.inference.presenters import STATUSES
from webapp.imaging.inference.series_status import Status


@dataclass(frozen=True)
class EarlierAnswer:
    """A finished run that is not the newest of its series, and how many of the images it knew."""

    run: Run
    images: int

    @property
    def look(self) -> Look:
        """How what it said is shown."""
        return STATUSES[Status(self.run.outcome)]


def earlier_answers(*, series: Series, newest: UUID, images: Collection[Instance]) -> list[EarlierAnswer]:
    """Return the superseded answers of a series, the last one first: one query."""
    runs = Run.objects.filter(series=series, state=Run.State.DONE).exclude(pk=newest).order_by("-created_at")
    return [EarlierAnswer(run, images_before(images, run.created_at)) for run in runs]


def images_before(images: Collection[Instance], moment: datetime) -> int:
    """Return how many images had come by then."""
    return sum(image.arrived_at <= moment for image in images)
