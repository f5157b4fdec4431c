"""Selection of the series of a campaign: search criteria, and sampling of the matches."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import TypeVar

from django.db.models import OuterRef, Q, QuerySet, Subquery

from webapp.foundation.accounts.models import Site
from webapp.imaging.archive.models import Instance, Series
from webapp.imaging.inference.models import Run
from webapp.imaging.inference.series_status import with_status
from webapp.reading.worklist.models import ReadingTask

MOST = 500
#: Modality as models name it -> as headers do.
HEADERS = {"CT": ["CT"], "MR": ["MR"], "US": ["US"], "XR": ["CR", "DX", "RG", "XR"]}
Item = TypeVar("Item")


@dataclass(frozen=True)
class SeriesCriteria:
    """Criteria by which the series of a campaign are selected.

    Attributes
    ----------
    modality, part
        As the newest run names them; where there is no run, the header's modality counts. Empty: any.
    words
        Words, each of which a description must contain; names are not searched.
    only_read
        Only of studies that are read.
    limit, is_drawn, seed
        How many at most, and whether they are drawn by the seed or are the first to arrive.
    """

    modality: str = ""
    part: str = ""
    words: str = ""
    only_read: bool = False
    limit: int = 100
    is_drawn: bool = True
    seed: int = 1

    def serialize(self, *, found: int) -> dict[str, object]:
        """Return the criteria as the campaign stores them."""
        return {**asdict(self), "found": found}


def matching_series(*, site: Site, criteria: SeriesCriteria) -> QuerySet[Series]:
    """Return the series of a site that hold images and match the criteria, in the order of their arrival."""
    newest = Run.objects.filter(series=OuterRef("pk"), state=Run.State.DONE).order_by("-created_at")
    with_images = with_status(Series.objects.filter(study__site=site)).filter(holds_images=True)
    found = with_images.annotate(
        run_modality=Subquery(newest.values("modality")[:1]), run_region=Subquery(newest.values("region")[:1])
    )
    if criteria.modality:
        unsorted = Q(run_modality=None) | Q(run_modality="")
        found = found.filter(Q(run_modality=criteria.modality) | unsorted & Q(modality__in=HEADERS[criteria.modality]))
    if criteria.part:
        found = found.filter(run_region=criteria.part)
    for word in criteria.words.split():
        described = Q(study__description__icontains=word) | Q(description__icontains=word)
        found = found.filter(described | Q(body_part__icontains=word))
    if criteria.only_read:
        found = found.filter(study__task__state=ReadingTask.State.DONE)
    return found.order_by("study__arrived_at", "pk")


def select_series(*, site: Site, criteria: SeriesCriteria) -> list[Series]:
    """Return the selected series, at most MOST."""
    found: Iterable[Series] = matching_series(site=site, criteria=criteria)
    if criteria.is_drawn:
        found = seeded_shuffle(found, by=f"{criteria.seed}", name=lambda one: str(one.pk))
    return list(found)[: min(criteria.limit, MOST)]


def seeded_shuffle(items: Iterable[Item], *, by: str, name: Callable[[Item], str]) -> list[Item]:
    """Return items in a pseudo-random order that depends on their names and the seed alone."""
    return sorted(items, key=lambda thing: hashlib.sha256(f"{by} {name(thing)}".encode()).hexdigest())


def key_picture(series: Series) -> tuple[Instance, int] | None:
    """Return the middle frame of a series in its order, independent of any answer; None where it has no image."""
    images = Instance.objects.filter(series=series, has_pixels=True)
    middle = images[images.count() // 2 :].first()
    return (middle, middle.number_of_frames // 2) if middle else None
