"""The rows of the worklist, in a number of queries that does not grow with the rows."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from django.core.paginator import Page, Paginator
from django.db.models import Count, IntegerField, Max, OuterRef, Subquery
from django.db.models.functions import Coalesce

from webapp.accounts.models import User
from webapp.accounts.policy import visible_studies
from webapp.pages.presentation import STATUSES, URGENCIES, Look, Person, person_of
from webapp.pages.series import SeriesRow, series_rows
from webapp.pages.status import Status, current_runs, with_status
from webapp.pages.worklist.filters import CONTRADICTION, Narrowing, contradicting, narrowed_by_view, narrowed_by_words
from webapp.runs.models import RunEvent
from webapp.studies.models import Series, Study

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

PER_PAGE = 50
#: Series shown a study; the rest are counted, and listed when it is opened.
SERIES_SHOWN = 4


@dataclass(frozen=True)
class StudyRow:
    """One study: who, how urgent and why, and its series."""

    study: Study
    person: Person
    urgency: int
    why: str
    series: list[SeriesRow]
    more: int

    @property
    def look(self) -> Look:
        """How its urgency is shown."""
        return URGENCIES[self.urgency]


@dataclass(frozen=True)
class Chip:
    """A view of the list, with how many studies it holds."""

    show: str
    word: str
    icon: str
    count: int


def worklist_version(user: User) -> str:
    """Return a word that changes whenever any row could: two look-ups at the ends of two indexes."""
    newest = (
        RunEvent.objects.aggregate(last=Max("pk"))["last"],
        Series.objects.aggregate(last=Max("last_arrival_at"))["last"],
        user.site_id,
        user.role,
    )
    return hashlib.sha256(repr(newest).encode()).hexdigest()[:16]


class UrgencyColumn(TypedDict):
    """What the worklist adds to a study."""

    urgency: int


def worklist_page(
    *, user: User, narrowing: Narrowing, number: str | None
) -> "tuple[Page[WithAnnotations[Study, UrgencyColumn]], list[StudyRow]]":
    """Return one page of studies: the most urgent first, then those that have waited longest."""
    studies = narrowed_by_words(visible_studies(user, Study.objects.all()), narrowing.words)
    urgency = current_runs(OuterRef("pk")).order_by().values("series__study").annotate(top=Max("urgency")).values("top")
    ordered = (
        narrowed_by_view(studies, narrowing.show)
        .annotate(urgency=Coalesce(Subquery(urgency, output_field=IntegerField()), 0))
        .select_related("patient", "site")
        .order_by("-urgency", "arrived_at", "pk")
    )
    page = Paginator(ordered, PER_PAGE).get_page(number)
    return page, _rows(list(page))


def chips_list(*, user: User, narrowing: Narrowing, shown: int) -> list[Chip]:
    """Return the views with their counts, within what was searched for; `shown` is the count of the view shown."""
    studies = narrowed_by_words(visible_studies(user, Study.objects.all()), narrowing.words)
    series = Series.objects.filter(study__in=studies.values("pk"))
    counts = dict(with_status(series).order_by().values_list("status").annotate(studies=Count("study", distinct=True)))
    disagree = contradicting(series).aggregate(studies=Count("study", distinct=True))["studies"]
    return [
        Chip("", "All", "all", studies.count() if narrowing.show else shown),
        *(Chip(status, STATUSES[status].word, STATUSES[status].icon, counts.get(status, 0)) for status in Status),
        Chip(CONTRADICTION, "Disagree", "contradiction", disagree),
    ]


def _rows(studies: "list[WithAnnotations[Study, UrgencyColumn]]") -> list[StudyRow]:
    of_study: dict[object, list[SeriesRow]] = defaultdict(list)
    for row in series_rows(Series.objects.filter(study__in=studies).order_by("series_number", "last_arrival_at")):
        of_study[row.series.study_id].append(row)
    return [_row(study, of_study[study.pk]) for study in studies]


def _row(study: "WithAnnotations[Study, UrgencyColumn]", series: list[SeriesRow]) -> StudyRow:
    # The series that speaks for the study comes first; otherwise they keep their order.
    ranked = sorted(series, key=lambda row: -(row.run.urgency if row.run else 0))
    return StudyRow(
        study=study,
        person=person_of(study),
        urgency=study.urgency,
        why=_why(study.urgency, ranked),
        series=ranked[:SERIES_SHOWN],
        more=max(0, len(ranked) - SERIES_SHOWN),
    )


def _why(urgency: int, ranked: Iterable[SeriesRow]) -> str:
    """Return the words of the run that set the urgency."""
    for row in ranked:
        if row.run is not None and row.run.urgency == urgency and row.run.urgency_reason:
            return row.run.urgency_reason
    return "By its former answer, until the new one is there" if urgency else "No answer yet"
