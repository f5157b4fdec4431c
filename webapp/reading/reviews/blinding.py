"""Blinding: what a reader must not see of a study before they have committed, as queries for every exit.

Where a site reads first, the AI's answer is blinded from whoever might read a study until they have committed what they
see, or the study is read. So are the objects that Readroom stored of the answer, and what a colleague signed meanwhile,
which reveals it. What is blinded is answered as if it did not exist.
"""

from typing import TypeVar

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.permissions import Action, may, visible_studies
from webapp.imaging.archive.blinding import is_blinded
from webapp.imaging.archive.models import Series, Study
from webapp.imaging.dicom_objects.models import ResultSeries
from webapp.reading.reviews.models import Read
from webapp.reading.reviews.selectors import visible_reads
from webapp.reading.worklist.models import ReadingTask, SiteSettings

Row = TypeVar("Row", bound=Model)


def is_reader(user: User) -> bool:
    """Say whether a user might read studies themselves.

    A program that authenticates by the token of an account without a password does not: nobody signs in as it.
    """
    is_machine = user.is_site_scoped and not user.has_usable_password()
    return user.pk is not None and may(user, Action.READ) and not is_machine


def read_first_studies() -> QuerySet[Study]:
    """Return the studies whose AI answers are blinded from some reader: their site reads first, and they are unread."""
    sites = SiteSettings.objects.filter(read_first=True).values("site")
    return Study.objects.filter(site__in=sites).exclude(task__state=ReadingTask.State.DONE)


def _studies_blinded_to(user: User) -> QuerySet[Study]:
    """Return the studies whose AI answer is blinded from a user: a reader who has not committed a first impression."""
    if not is_reader(user):
        return Study.objects.none()
    committed = Read.objects.filter(study=OuterRef("pk"), reader=user, committed_at__isnull=False)
    return visible_studies(user, read_first_studies()).exclude(Exists(committed))


def studies_hidden_from(user: User) -> QuerySet[Study]:
    """Return the studies of which nothing that others said or did may be shown to a user.

    Blinded ones, and those that two read blinded to each other, until they are read; the adjudicator sees both.
    """
    if not is_reader(user):
        return Study.objects.none()
    adjudicated = Read.objects.filter(study=OuterRef("pk"), reader=user, role=Read.ReaderRole.ADJUDICATOR)
    double_read = (
        Study.objects.filter(task__required_readers__gt=1)
        .exclude(task__state=ReadingTask.State.DONE)
        .exclude(Exists(adjudicated))
    )
    return visible_studies(user, Study.objects.filter(Q(pk__in=_studies_blinded_to(user)) | Q(pk__in=double_read)))


def unblinded_series(user: User, rows: QuerySet[Row], *, series: str = "pk") -> QuerySet[Row]:
    """Leave out what belongs to result series that are blinded from a user.

    Asked of each row rather than as a list: hardly a row belongs to a result series, and only then is the study
    looked at.

    Parameters
    ----------
    rows
        Series, or rows that belong to one.
    series
        The path from a row to the key of its series.
    """
    is_study_blinded = Exists(_studies_blinded_to(user).filter(pk=OuterRef("series__study")))
    return rows.exclude(Exists(ResultSeries.objects.filter(is_study_blinded, series=OuterRef(series))))


class ReadFirst:
    """The blinding rule that this app registers with `webapp.imaging.archive.blinding`."""

    def blinded_studies(self, user: User) -> QuerySet[Study]:
        """Return the studies whose AI answer is blinded from a user."""
        return _studies_blinded_to(user)

    def is_series_blinded(self, *, series: Series, user: User) -> bool:
        """Say whether a series is blinded from a user: a result series of a study whose answer is.

        `series` is read with its `result`, so that those of scanners cost no query.
        """
        return hasattr(series, "result") and is_blinded(study=series.study, user=user)

    def hidden_authors(self, *, study: Study, user: User) -> frozenset[int]:
        """Return the readers whose annotations are hidden from a user: the two read blinded to each other."""
        return visible_reads(study=study, user=user).hidden
