"""What is kept from somebody who is asked to read a study, until they have said what they see: asked at every way out.

Where a site reads first, the AI's answer is veiled from whoever might read a study until they have committed what they
see, or the study is read. With it go the objects that Readroom filed of the answer, and what a colleague signed
meanwhile, which tells of it. What is veiled is answered as if it were not there.
"""

from django.db.models import Exists, OuterRef, Q, QuerySet

from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.permissions import Action, may, visible_studies
from webapp.imaging.archive.blinding import blinded_studies, is_blinded
from webapp.imaging.archive.models import Series, Study
from webapp.imaging.dicom_objects.models import ResultSeries
from webapp.reading.reviews.models import Read
from webapp.reading.reviews.selectors import reads_seen
from webapp.reading.worklist.models import ReadingTask, SiteSettings


def is_reader(user: User) -> bool:
    """Say whether somebody who comes might read a study themselves.

    A machine that comes by a token of an account without a password does not: nobody signs in as that account.
    """
    is_machine = user.is_site_scoped and not user.has_usable_password()
    return user.pk is not None and may(user, Action.READ) and not is_machine


def read_first_studies() -> QuerySet[Study]:
    """Return the studies whose answers are kept from somebody or other: their site reads first, and they are unread."""
    sites = SiteSettings.objects.filter(read_first=True).values("site")
    return Study.objects.filter(site__in=sites).exclude(task__state=ReadingTask.State.DONE)


def studies_hidden_from(user: User) -> QuerySet[Study]:
    """Return the studies of which more than the AI's answer is kept: nothing that others said or did may be told.

    Veiled ones, and those that two read blind to each other, until they are read; whoever adjudicates knows of both.
    """
    if not is_reader(user):
        return Study.objects.none()
    as_third = Read.objects.filter(study=OuterRef("pk"), reader=user, seat=Read.ReaderRole.ADJUDICATOR)
    of_two = (
        Study.objects.filter(task__required_readers__gt=1)
        .exclude(task__state=ReadingTask.State.DONE)
        .exclude(Exists(as_third))
    )
    return visible_studies(user, Study.objects.filter(Q(pk__in=blinded_studies(user)) | Q(pk__in=of_two)))


def blinded_results(user: User) -> QuerySet[ResultSeries]:
    """Return the series that Readroom filed and that are kept from somebody."""
    return ResultSeries.objects.filter(series__study__in=blinded_studies(user))


def any_site_reads_first() -> Exists:
    """Return the question whether any site reads first, to be asked within another one: nearly nowhere does one."""
    return Exists(SiteSettings.objects.filter(read_first=True))


def unblinded_series(user: User, series: QuerySet[Series]) -> QuerySet[Series]:
    """Narrow a query to the series that are not kept from somebody."""
    return series.exclude(pk__in=blinded_results(user).values("series"))


class ReadFirst:
    """The rule that this app registers with `webapp.imaging.archive.blinding`, where every door asks it."""

    def blinded_studies(self, user: User) -> QuerySet[Study]:
        """Return the studies whose AI answer is kept from somebody."""
        if not is_reader(user):
            return Study.objects.none()
        committed = Read.objects.filter(study=OuterRef("pk"), reader=user, committed_at__isnull=False)
        return visible_studies(user, read_first_studies()).exclude(Exists(committed))

    def is_series_blinded(self, *, series: Series, user: User) -> bool:
        """Say whether a series is kept from somebody: ours, of a study whose answer is.

        `series` is read with its `result`, so that those of scanners cost no query.
        """
        return hasattr(series, "result") and is_blinded(study=series.study, user=user)

    def hidden_authors(self, *, study: Study, user: User) -> frozenset[int]:
        """Return the readers who read a study blind to somebody: not even their marks show."""
        return reads_seen(study=study, user=user).hidden
