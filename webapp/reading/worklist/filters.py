"""Filters of the worklist: part of the address, so that a filtered list can be bookmarked."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import QueryDict

from webapp.foundation.accounts.models import User
from webapp.imaging.archive.blinding import blinded_studies
from webapp.imaging.archive.models import Series, Study
from webapp.imaging.inference.models import Run
from webapp.imaging.inference.series_status import Status, StatusColumns, with_status

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

#: Series whose header and pixels disagree: a view of its own, across all statuses.
CONTRADICTION = "contradiction"
#: Cases assigned to the user; cases that are read and off the list.
MINE, READ = "mine", "read"
VIEWS = (MINE, *Status, CONTRADICTION, READ)
#: What the AI answered; the other statuses say how far it is.
ANSWERS = (Status.FINDINGS, Status.NEGATIVE, Status.SORTED_ONLY, Status.NOT_ANALYSED)


@dataclass(frozen=True)
class WorklistFilter:
    """The status (or the contradictions) to show, and the search words.

    The words may be a patient's name: they come from the session and are never part of an address.
    """

    show: str = ""
    words: str = ""

    @classmethod
    def from_query(cls, query: QueryDict, *, words: str) -> Self:
        """Return the filter that an address names; an unknown view means all."""
        show = query.get("show", "")
        return cls(show=show if show in VIEWS else "", words=words.strip()[:80])

    @property
    def query(self) -> str:
        """The part of the address after the question mark."""
        return urlencode({"show": self.show} if self.show else {})


def filter_by_words(studies: QuerySet[Study], words: str) -> QuerySet[Study]:
    """Keep studies in which each word is part of the name, the number, the accession or the description."""
    for word in words.replace("^", " ").replace(",", " ").split():
        studies = studies.filter(
            Q(patient__name__icontains=word)
            | Q(patient__patient_id__icontains=word)
            | Q(accession_number__icontains=word)
            | Q(description__icontains=word)
        )
    return studies


def filter_by_view(studies: QuerySet[Study], show: str, *, user: User) -> QuerySet[Study]:
    """Keep studies that have a series of that status, or one that contradicts itself; the other views are of tasks.

    Studies whose AI answer is blinded from the user are in no view of answers.
    """
    if show in {"", MINE, READ}:
        return studies
    if show == CONTRADICTION:
        return studies.filter(pk__in=contradicting(Series.objects.all(), user=user).values("study"))
    return studies.filter(
        pk__in=with_visible_status(Series.objects.all(), user=user).filter(status=show).values("study")
    )


def with_visible_status(series: QuerySet[Series], *, user: User) -> "QuerySet[WithAnnotations[Series, StatusColumns]]":
    """Add the status, and leave out series whose answer is blinded from the user."""
    return with_status(series).exclude(Q(status__in=ANSWERS, newest_run__isnull=False), study__in=blinded_studies(user))


def contradicting(series: QuerySet[Series], *, user: User) -> "QuerySet[WithAnnotations[Series, StatusColumns]]":
    """Keep series whose newest run found the header and the pixels to disagree, where the user may know its answer."""
    disagree = Run.objects.filter(state=Run.State.DONE).exclude(contradictions=[])
    visible = with_status(series).exclude(study__in=blinded_studies(user))
    return visible.filter(newest_run__in=disagree.values("pk"))
