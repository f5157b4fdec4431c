"""The rows of the worklist, in a number of queries that does not grow with the rows."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Count, Max, QuerySet
from django.utils import timezone

from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.presenters import user_display_name
from webapp.foundation.core.formatting import Look
from webapp.imaging.archive.blinding import blinded_studies
from webapp.imaging.archive.models import Series, Study
from webapp.imaging.archive.presenters import Person, person_of
from webapp.imaging.inference.models import RunEvent
from webapp.imaging.inference.presenters import STATUSES, URGENCIES
from webapp.imaging.inference.series_rows import SeriesRow, series_rows
from webapp.imaging.inference.series_status import Status
from webapp.reading.worklist.extras import WorklistBadge, badges_of
from webapp.reading.worklist.filters import (
    CONTRADICTION,
    MINE,
    READ,
    WorklistFilter,
    contradicting,
    filter_by_view,
    filter_by_words,
    with_visible_status,
)
from webapp.reading.worklist.models import Priority, ReadingTask, ReadingTaskEvent, SiteSettings
from webapp.reading.worklist.presenters import PRIORITIES
from webapp.reading.worklist.selectors import Waiting, tasks_visible, waiting_of

PER_PAGE = 50
#: Series shown a study; the rest are counted, and listed when it is opened.
SERIES_SHOWN = 4


@dataclass(frozen=True)
class StudyRow:
    """A row of the worklist: patient, urgency and its reason, waiting time, assignee, and the study's series.

    `badges` come from other apps.
    """

    task: ReadingTask
    person: Person
    why: str
    waiting: Waiting
    series: list[SeriesRow]
    more: int
    #: The AI's answer is blinded from the user: the list shows only that there is one.
    is_blinded: bool
    badges: Sequence[WorklistBadge]
    #: Studies of the same person that came before.
    priors: int

    @property
    def study(self) -> Study:
        """The study that is to be read."""
        return self.task.study

    @property
    def urgency(self) -> int:
        """What the AI says of it, 0 to 3."""
        return self.task.ai_urgency

    @property
    def look(self) -> Look:
        """How the AI's urgency is shown."""
        return URGENCIES[self.urgency]

    @property
    def priority(self) -> Look | None:
        """How the priority is shown; None for routine."""
        return None if self.task.priority == Priority.ROUTINE else PRIORITIES[Priority(self.task.priority)]

    @property
    def assignee_name(self) -> str:
        """Name of the assignee, "" where there is none."""
        return user_display_name(self.task.assignee) if self.task.is_claimed and self.task.assignee else ""


@dataclass(frozen=True)
class Chip:
    """A view of the list, with how many studies it holds."""

    show: str
    word: str
    icon: str
    count: int


def worklist_version(user: User) -> str:
    """Return a version string that changes whenever any row could: three look-ups at the ends of three indexes."""
    newest = (
        RunEvent.objects.aggregate(last=Max("pk"))["last"],
        ReadingTaskEvent.objects.aggregate(last=Max("pk"))["last"],
        Series.objects.aggregate(last=Max("last_arrival_at"))["last"],
        user.site_id,
        user.role,
    )
    return hashlib.sha256(repr(newest).encode()).hexdigest()[:16]


def worklist_page(
    *, user: User, narrowing: WorklistFilter, number: str | None
) -> tuple[Page[ReadingTask], list[StudyRow]]:
    """Return one page of tasks: STAT, then what the AI calls critical, then by age."""
    tasks = _filtered_tasks(user, narrowing).select_related("study__patient", "study__site", "assignee")
    page = Paginator(tasks, PER_PAGE).get_page(number)
    return page, _rows(list(page), user)


def chips_list(*, user: User, narrowing: WorklistFilter, shown: int) -> list[Chip]:
    """Return the views with their counts, within the search; `shown` is the count of the current view."""
    tasks = tasks_visible(user)
    if narrowing.words:
        tasks = tasks.filter(study__in=filter_by_words(Study.objects.all(), narrowing.words).values("pk"))
    series = Series.objects.filter(study__in=tasks.exclude(state=ReadingTask.State.DONE).values("study"))
    by_status = with_visible_status(series, user=user).order_by().values_list("status")
    counts = dict(by_status.annotate(studies=Count("study", distinct=True)))
    disagree = contradicting(series, user=user).aggregate(studies=Count("study", distinct=True))["studies"]
    of_tasks = dict(tasks.order_by().values_list("state").annotate(tasks=Count("pk")))
    mine = tasks.filter(assignee=user, state=ReadingTask.State.CLAIMED).count()
    waiting = sum(count for state, count in of_tasks.items() if state != ReadingTask.State.DONE)
    return [
        Chip("", "To read", "all", waiting if narrowing.show else shown),
        Chip(MINE, "My cases", "mine", mine),
        *(Chip(status, STATUSES[status].word, STATUSES[status].icon, counts.get(status, 0)) for status in Status),
        Chip(CONTRADICTION, "Disagree", "contradiction", disagree),
        Chip(READ, "Read", "read", of_tasks.get(ReadingTask.State.DONE, 0)),
    ]


def _filtered_tasks(user: User, narrowing: WorklistFilter) -> QuerySet[ReadingTask]:
    """Return the tasks of a view, in its order."""
    tasks = tasks_visible(user)
    if narrowing.show == READ:
        tasks = tasks.filter(state=ReadingTask.State.DONE).order_by("-done_at", "pk")
    else:
        tasks = tasks.exclude(state=ReadingTask.State.DONE).order_by("rank", "waiting_since", "pk")
    if narrowing.show == MINE:
        tasks = tasks.filter(assignee=user, state=ReadingTask.State.CLAIMED)
    if narrowing == WorklistFilter():
        return tasks  # walked along its index, however many wait
    studies = filter_by_view(filter_by_words(Study.objects.all(), narrowing.words), narrowing.show, user=user)
    return tasks.filter(study__in=studies.values("pk"))


def _rows(tasks: list[ReadingTask], user: User) -> list[StudyRow]:
    of_study: dict[object, list[SeriesRow]] = defaultdict(list)
    studies = [task.study_id for task in tasks]
    for row in series_rows(Series.objects.filter(study__in=studies).order_by("series_number", "last_arrival_at")):
        of_study[row.series.study_id].append(row)
    rules = SiteSettings.objects.in_bulk({task.site_id for task in tasks})
    priors = _priors([task.study for task in tasks])
    badges = badges_of(studies)
    blinded = set(blinded_studies(user).filter(pk__in=studies).values_list("pk", flat=True))
    return [
        _row(
            task,
            rules.get(task.site_id) or SiteSettings(),
            of_study[task.study_id],
            is_blinded=task.study_id in blinded,
            badges=badges[task.study_id],
            priors=priors.get(task.study_id, 0),
        )
        for task in tasks
    ]


def _priors(studies: Sequence[Study]) -> dict[UUID, int]:
    """Return how many studies of the same person came before each."""
    arrived: dict[object, list[datetime]] = defaultdict(list)
    people = {study.patient_id for study in studies if study.patient_id}
    for patient, at in Study.objects.filter(patient__in=people).order_by().values_list("patient", "arrived_at"):
        arrived[patient].append(at)
    return {
        study.pk: sum(at < study.arrived_at for at in arrived[study.patient_id])
        for study in studies
        if study.patient_id
    }


def _row(
    task: ReadingTask,
    rules: SiteSettings,
    series: list[SeriesRow],
    *,
    is_blinded: bool,
    badges: Sequence[WorklistBadge],
    priors: int,
) -> StudyRow:
    # The series that speaks for the study comes first, where the user may know which; otherwise they keep their order.
    ranked = series if is_blinded else sorted(series, key=lambda row: -(row.run.urgency if row.run else 0))
    return StudyRow(
        task=task,
        person=person_of(task.study),
        why=_blinded_reason(task) if is_blinded else _urgency_reason(task, ranked),
        waiting=waiting_of(task, rules, at=timezone.now()),
        series=ranked[:SERIES_SHOWN],
        more=max(0, len(ranked) - SERIES_SHOWN),
        is_blinded=is_blinded,
        badges=badges,
        priors=priors,
    )


def _blinded_reason(task: ReadingTask) -> str:
    return "Raised by the AI; read first" if task.ai_urgency else ""


def _urgency_reason(task: ReadingTask, ranked: Iterable[SeriesRow]) -> str:
    """Return the words of the run that raised the task, and whether a newer answer says less."""
    answers = [row.run for row in ranked if row.run is not None and row.run.finished_at is not None]
    if not task.ai_urgency:
        return next((run.urgency_reason for run in answers if run.urgency_reason), "No answer yet")
    is_newest = any(run.urgency == task.ai_urgency for run in answers)
    return task.ai_reason if is_newest else f"{task.ai_reason} (an earlier answer)"
