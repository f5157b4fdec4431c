"""Tasks that wait, in their order, and how long each may still wait."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from webapp.foundation.accounts.models import Site, User
from webapp.foundation.accounts.permissions import visible_sites
from webapp.reading.worklist.models import ReadingTask, SiteSettings
from workers import api

OVERDUE = "overdue"


@dataclass(frozen=True)
class Waiting:
    """How long a task has waited beside how long it may.

    Attributes
    ----------
    minutes, target
        Since it arrived, and after how many it is due.
    level
        "in time", "soon due" (three quarters of the time are over) or "overdue": no colour stands alone.
    """

    minutes: int
    target: int
    level: str

    @property
    def target_text(self) -> str:
        """The target in minutes or hours."""
        return f"{self.target} min" if self.target < 120 else f"{self.target / 60:g} h"

    @property
    def overdue_text(self) -> str:
        """By how much it is overdue: "35 min", "3 h 5 min"."""
        hours, minutes = divmod(self.minutes - self.target, 60)
        return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def tasks_visible(user: User) -> QuerySet[ReadingTask]:
    """Return the tasks of the sites whose studies the user may see."""
    return ReadingTask.objects.filter(site__in=visible_sites(user, Site.objects.all()))


def tasks_list(user: User) -> QuerySet[ReadingTask]:
    """Return the unread tasks: STAT, then what the AI calls critical, then by age (see `rank_of`)."""
    unread = tasks_visible(user).exclude(state=ReadingTask.State.DONE)
    return unread.select_related("study__patient", "study__site", "assignee").order_by("rank", "waiting_since", "pk")


def waiting_of(task: ReadingTask, rules: SiteSettings, *, at: datetime) -> Waiting:
    """Say how long a task has waited at a moment, beside its site's target."""
    return waited(since=task.waiting_since, until=at, minutes=rules.target_minutes(task.priority))


def waited(*, since: datetime, until: datetime, minutes: int) -> Waiting:
    """Say how long something waited, beside a target in minutes; never less than none, whatever a clock says."""
    passed, target = max(until - since, timedelta()), timedelta(minutes=minutes)
    level = OVERDUE if passed >= target else "soon due" if passed >= target * 0.75 else "in time"
    return Waiting(int(passed.total_seconds() // 60), minutes, level)


def body_parts() -> list[str]:
    """Return the body parts that the cascade tells apart, by name."""
    regions = (codes for question, codes in api.codes_declared().items() if question.endswith(("_region", "_part")))
    return sorted({part for codes in regions for part in codes})
