"""What the follow-up page shows, read in a number of queries that neither visits nor findings raise."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.db.models import F, QuerySet

from webapp.accounts.models import User
from webapp.accounts.policy import visible_studies
from webapp.followup.course import LesionCourse, course_of
from webapp.followup.models import Sighting
from webapp.followup.timeline import places_of
from webapp.pages.measures import size_line
from webapp.pages.series import SeriesRow, series_rows
from webapp.runs.measures import measured_of
from webapp.runs.models import Finding
from webapp.studies.models import Series, Study

#: The newest visits that are shown; more on one line cannot be told apart.
MOST = 30
NEWEST = F("study_date").desc(nulls_last=True)


@dataclass(frozen=True)
class FindingSeen:
    """A finding of a visit that is no lesion yet."""

    row: Finding
    size: str


@dataclass(frozen=True)
class Visit:
    """A study on the line, with what was found and is not linked."""

    study: Study
    number: int
    place: float
    is_here: bool
    rows: list[SeriesRow]
    findings: list[FindingSeen]

    @property
    def on(self) -> date:
        """The day of the study."""
        return day_of(self.study)


@dataclass(frozen=True)
class FollowUp:
    """All studies of a patient that the reader may see, the first one first, and the lesions seen on them."""

    study: Study
    visits: list[Visit]
    lesions: list[LesionCourse]

    @property
    def unlinked(self) -> list[Visit]:
        """Visits with findings that are no lesion yet, the newest first."""
        return [visit for visit in reversed(self.visits) if visit.findings]


def studies_of(*, study: Study, user: User) -> QuerySet[Study]:
    """Return the studies of a study's patient that the user may see; none where nobody is named."""
    if study.patient_id is None:
        return Study.objects.none()
    return visible_studies(user, Study.objects.filter(patient=study.patient_id, site=study.site_id))


def day_of(study: Study) -> date:
    """Return the day of a study: when it arrived, where the header does not say."""
    return study.study_date or study.arrived_at.date()


def followup_read(*, study: Study, user: User) -> FollowUp:
    """Return the page of a study: its patient's visits and lesions."""
    newest = studies_of(study=study, user=user).order_by(NEWEST, "-arrived_at")
    studies = sorted(newest[:MOST], key=lambda one: (day_of(one), one.arrived_at))
    rows: dict[object, list[SeriesRow]] = defaultdict(list)
    for row in series_rows(Series.objects.filter(study__in=studies).order_by("series_number", "last_arrival_at")):
        rows[row.series.study_id].append(row)
    runs = {row.run.pk for listed in rows.values() for row in listed if row.run}
    unlinked: dict[object, list[FindingSeen]] = defaultdict(list)
    for finding in Finding.objects.filter(run__in=runs, sighting=None).select_related("run__series"):
        unlinked[finding.run.series.study_id].append(FindingSeen(finding, size_line(measured_of(finding))))
    places = places_of([day_of(one) for one in studies])
    visits = [
        Visit(one, number, place, one == study, rows[one.pk], unlinked[one.pk])
        for number, (one, place) in enumerate(zip(studies, places, strict=True), start=1)
    ]
    return FollowUp(study, visits, _lesions(studies, runs))


def _lesions(studies: list[Study], runs: set[object]) -> list[LesionCourse]:
    seen = Sighting.objects.filter(study__in=studies).select_related("lesion", "linked_by", "finding__run", "study")
    by_lesion: dict[object, list[tuple[Sighting, date, bool]]] = defaultdict(list)
    for one in seen.order_by("lesion__made_at"):
        by_lesion[one.lesion].append((one, day_of(one.study), one.finding.run_id not in runs))
    return [course_of(sightings[0][0].lesion, sightings) for sightings in by_lesion.values()]
