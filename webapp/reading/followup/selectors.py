"""What the follow-up page shows, read in a number of queries that neither visits nor findings raise."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import F, QuerySet

from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.permissions import visible_studies
from webapp.imaging.archive.models import Series, Study
from webapp.imaging.inference.measurement_presenters import size_line
from webapp.imaging.inference.measurements import measurements_of
from webapp.imaging.inference.models import Finding
from webapp.imaging.inference.series_rows import SeriesRow, series_rows
from webapp.reading.followup.lesion_timeline import LesionCourse, course_of
from webapp.reading.followup.models import Registration, Sighting
from webapp.reading.followup.timeline import places_of
from webapp.reading.reviews.blinding import blinded_studies
from workers.contracts import RegistrationAnswer

#: The newest visits that are shown; more on one line cannot be told apart.
MOST = 30
#: BodyPartExamined, or the cascade's region, of what is laid over each other: a skull does not bend.
BRAIN = frozenset({"BRAIN", "HEAD"})
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
    registrations: list[Registration]

    @property
    def priors(self) -> list[tuple[Visit, SeriesRow]]:
        """Brain MR series of the visits before this one, the newest first."""
        before = self.visits[: next((at for at, visit in enumerate(self.visits) if visit.is_here), 0)]
        return [(visit, row) for visit in reversed(before) for row in visit.rows if is_brain_mr(row)]

    @property
    def follow_ups(self) -> list[SeriesRow]:
        """Brain MR series of this study."""
        return [row for visit in self.visits if visit.is_here for row in visit.rows if is_brain_mr(row)]

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


def load_followup(*, study: Study, user: User) -> FollowUp:
    """Return the page of a study: its patient's visits and lesions.

    Where the site reads first, what the AI says of a study that the user has not committed to yet stays out.
    """
    newest = studies_of(study=study, user=user).select_related("task").order_by(NEWEST, "-arrived_at")
    studies = sorted(newest[:MOST], key=lambda one: (day_of(one), one.arrived_at))
    rows: dict[object, list[SeriesRow]] = defaultdict(list)
    for row in series_rows(Series.objects.filter(study__in=studies).order_by("series_number", "last_arrival_at")):
        rows[row.series.study_id].append(row)
    veiled = set(blinded_studies(user).filter(pk__in=[one.pk for one in studies]).values_list("pk", flat=True))
    runs = {row.run.pk for listed in rows.values() for row in listed if row.run and row.series.study_id not in veiled}
    unlinked: dict[object, list[FindingSeen]] = defaultdict(list)
    for finding in Finding.objects.filter(run__in=runs, sighting=None).select_related("run__series"):
        unlinked[finding.run.series.study_id].append(FindingSeen(finding, size_line(measurements_of(finding))))
    places = places_of([day_of(one) for one in studies])
    visits = [
        Visit(one, number, place, one == study, rows[one.pk], unlinked[one.pk])
        for number, (one, place) in enumerate(zip(studies, places, strict=True), start=1)
    ]
    laid = Registration.objects.filter(follow_up__study=study, prior__study__in=studies)
    registrations = list(
        laid.select_related("prior__study", "follow_up__study", "requested_by").order_by("-requested_at")
    )
    return FollowUp(study, visits, _lesions([one for one in studies if one.pk not in veiled], runs), registrations)


def is_brain_mr(row: SeriesRow) -> bool:
    """Say whether a series is an MR of the brain, by the header or by what the cascade saw."""
    modality = row.series.modality or (row.run.modality if row.run else "")
    region = row.run.region if row.run else ""
    return row.holds_images and modality == "MR" and bool({region.upper(), row.series.body_part.upper()} & BRAIN)


def _lesions(studies: list[Study], runs: set[UUID]) -> list[LesionCourse]:
    seen = Sighting.objects.filter(study__in=studies).select_related("lesion", "linked_by", "finding__run", "study")
    by_lesion: dict[object, list[tuple[Sighting, date, bool]]] = defaultdict(list)
    for one in seen.order_by("lesion__created_at"):
        by_lesion[one.lesion].append((one, day_of(one.study), one.finding.run_id not in runs))
    return [course_of(sightings[0][0].lesion, sightings) for sightings in by_lesion.values()]


def answer_of(registration: Registration) -> RegistrationAnswer | None:
    """Return what a registration came to; None while it is under way or where it failed."""
    return RegistrationAnswer.model_validate(registration.answer) if registration.answer else None
