"""Content of the follow-up page, in a number of queries that does not grow with visits or findings."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import F, QuerySet

from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.permissions import visible_studies
from webapp.imaging.archive.blinding import blinded_studies
from webapp.imaging.archive.models import Series, Study
from webapp.imaging.inference.measurement_presenters import size_line
from webapp.imaging.inference.measurements import measurements_of
from webapp.imaging.inference.models import Finding
from webapp.imaging.inference.series_rows import SeriesRow, series_rows
from webapp.reading.followup.lesion_timeline import LesionTimeline, lesion_timeline, timeline_positions
from webapp.reading.followup.models import Registration, Sighting
from workers.contracts import RegistrationAnswer

#: The newest visits that are shown; more on one line cannot be told apart.
MOST = 30
#: BodyPartExamined, or the cascade's region, of series that can be registered: registration is rigid.
BRAIN = frozenset({"BRAIN", "HEAD"})
NEWEST = F("study_date").desc(nulls_last=True)


@dataclass(frozen=True)
class UnlinkedFinding:
    """A finding of a visit that is linked to no lesion."""

    row: Finding
    size: str


@dataclass(frozen=True)
class Visit:
    """A study on the timeline, with its unlinked findings."""

    study: Study
    number: int
    place: float
    is_here: bool
    rows: list[SeriesRow]
    findings: list[UnlinkedFinding]

    @property
    def on(self) -> date:
        """The day of the study."""
        return day_of(self.study)


@dataclass(frozen=True)
class FollowUp:
    """All studies of a patient that the user may see, the oldest first, and their lesions."""

    study: Study
    visits: list[Visit]
    lesions: list[LesionTimeline]
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
        """Visits with unlinked findings, the newest first."""
        return [visit for visit in reversed(self.visits) if visit.findings]


def studies_of(*, study: Study, user: User) -> QuerySet[Study]:
    """Return the studies of a study's patient that the user may see; none where the patient is unknown."""
    if study.patient_id is None:
        return Study.objects.none()
    return visible_studies(user, Study.objects.filter(patient=study.patient_id, site=study.site_id))


def day_of(study: Study) -> date:
    """Return the day of a study; the day of its arrival where the header has none."""
    return study.study_date or study.arrived_at.date()


def load_followup(*, study: Study, user: User) -> FollowUp:
    """Return the page of a study: its patient's visits and lesions.

    Where the site reads first, findings of studies that the user has not committed to are left out.
    """
    newest = studies_of(study=study, user=user).select_related("task").order_by(NEWEST, "-arrived_at")
    studies = sorted(newest[:MOST], key=lambda one: (day_of(one), one.arrived_at))
    rows: dict[object, list[SeriesRow]] = defaultdict(list)
    for row in series_rows(Series.objects.filter(study__in=studies).order_by("series_number", "last_arrival_at")):
        rows[row.series.study_id].append(row)
    blinded = set(blinded_studies(user).filter(pk__in=[one.pk for one in studies]).values_list("pk", flat=True))
    runs = {row.run.pk for listed in rows.values() for row in listed if row.run and row.series.study_id not in blinded}
    unlinked: dict[object, list[UnlinkedFinding]] = defaultdict(list)
    for finding in Finding.objects.filter(run__in=runs, sighting=None).select_related("run__series"):
        unlinked[finding.run.series.study_id].append(UnlinkedFinding(finding, size_line(measurements_of(finding))))
    places = timeline_positions([day_of(one) for one in studies])
    visits = [
        Visit(one, number, place, one == study, rows[one.pk], unlinked[one.pk])
        for number, (one, place) in enumerate(zip(studies, places, strict=True), start=1)
    ]
    registered = Registration.objects.filter(follow_up__study=study, prior__study__in=studies)
    registrations = list(
        registered.select_related("prior__study", "follow_up__study", "requested_by").order_by("-requested_at")
    )
    return FollowUp(study, visits, _lesions([one for one in studies if one.pk not in blinded], runs), registrations)


def is_brain_mr(row: SeriesRow) -> bool:
    """Say whether a series is an MR of the brain, by the header or by what the cascade saw."""
    modality = row.series.modality or (row.run.modality if row.run else "")
    region = row.run.region if row.run else ""
    return row.holds_images and modality == "MR" and bool({region.upper(), row.series.body_part.upper()} & BRAIN)


def _lesions(studies: list[Study], runs: set[UUID]) -> list[LesionTimeline]:
    sightings = Sighting.objects.filter(study__in=studies).select_related(
        "lesion", "linked_by", "finding__run", "study"
    )
    by_lesion: dict[object, list[tuple[Sighting, date, bool]]] = defaultdict(list)
    for one in sightings.order_by("lesion__created_at"):
        by_lesion[one.lesion].append((one, day_of(one.study), one.finding.run_id not in runs))
    return [lesion_timeline(sightings[0][0].lesion, sightings) for sightings in by_lesion.values()]


def registration_answer(registration: Registration) -> RegistrationAnswer | None:
    """Return the answer of a registration; None while it is under way or where it failed."""
    return RegistrationAnswer.model_validate(registration.answer) if registration.answer else None
