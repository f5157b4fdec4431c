"""Picking the series of a campaign: what is searched for, and which of what was found are taken."""

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
Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Wanted:
    """What a campaign is about.

    Attributes
    ----------
    modality, part
        As the newest run names them; where there is no run, the header's modality counts. Empty: any.
    words
        Each must stand in a description; they are not looked for in names.
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

    def kept(self, *, found: int) -> dict[str, object]:
        """Return it as the campaign keeps it."""
        return {**asdict(self), "found": found}


def series_found(*, site: Site, wanted: Wanted) -> QuerySet[Series]:
    """Return the series of a site that hold images and are what is wanted, in the order of their arrival."""
    newest = Run.objects.filter(series=OuterRef("pk"), state=Run.State.DONE).order_by("-created_at")
    shown = with_status(Series.objects.filter(study__site=site)).filter(holds_images=True)
    found = shown.annotate(
        run_modality=Subquery(newest.values("modality")[:1]), run_region=Subquery(newest.values("region")[:1])
    )
    if wanted.modality:
        unsorted = Q(run_modality=None) | Q(run_modality="")
        found = found.filter(Q(run_modality=wanted.modality) | unsorted & Q(modality__in=HEADERS[wanted.modality]))
    if wanted.part:
        found = found.filter(run_region=wanted.part)
    for word in wanted.words.split():
        described = Q(study__description__icontains=word) | Q(description__icontains=word)
        found = found.filter(described | Q(body_part__icontains=word))
    if wanted.only_read:
        found = found.filter(study__task__state=ReadingTask.State.DONE)
    return found.order_by("study__arrived_at", "pk")


def select_series(*, site: Site, wanted: Wanted) -> list[Series]:
    """Return those that are taken, at most MOST."""
    found: Iterable[Series] = series_found(site=site, wanted=wanted)
    if wanted.is_drawn:
        found = seeded_shuffle(found, by=f"{wanted.seed}", name=lambda one: str(one.pk))
    return list(found)[: min(wanted.limit, MOST)]


def seeded_shuffle(things: Iterable[Thing], *, by: str, name: Callable[[Thing], str]) -> list[Thing]:
    """Return things in an order that looks random, and is the same whenever the same is mixed by the same word."""
    return sorted(things, key=lambda thing: hashlib.sha256(f"{by} {name(thing)}".encode()).hexdigest())


def key_picture(series: Series) -> tuple[Instance, int] | None:
    """Return the middle frame of a series in its order: nobody's answer chose it. None where it shows nothing."""
    images = Instance.objects.filter(series=series, has_pixels=True)
    middle = images[images.count() // 2 :].first()
    return (middle, middle.number_of_frames // 2) if middle else None
