"""Critical results with their state, and the time that each took beside the site's target."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from webapp.foundation.accounts.models import Site, User
from webapp.foundation.accounts.permissions import visible_sites
from webapp.imaging.archive.models import Study
from webapp.reading.critical_results.models import CriticalResult, Escalation, Notification, State, Withdrawal
from webapp.reading.worklist.models import SiteSettings
from webapp.reading.worklist.selectors import OVERDUE, Waiting, waited

#: Settled ones that the list shows; the others are found by their study.
LISTED = 50


@dataclass(frozen=True)
class CriticalRow:
    """A critical result with its notifications, the time until it was (or is) settled, withdrawal and escalation."""

    row: CriticalResult
    notifications: list[Notification]
    waiting: Waiting
    withdrawal: Withdrawal | None
    escalation: Escalation | None = None

    @property
    def state(self) -> State:
        """Its state."""
        if self.withdrawal:
            return State.WITHDRAWN
        if self.acknowledged_at:
            return State.ACKNOWLEDGED
        return State.NOTIFIED if self.notifications else State.OPEN

    @property
    def is_settled(self) -> bool:
        """Whether it is read back or withdrawn."""
        return self.state in {State.ACKNOWLEDGED, State.WITHDRAWN}

    @property
    def is_overdue(self) -> bool:
        """Whether nobody has read it back, and the time for that is over."""
        return not self.is_settled and self.waiting.level == OVERDUE

    @property
    def acknowledged_at(self) -> datetime | None:
        """When it was first read back."""
        return next((one.notified_at for one in self.notifications if one.read_back), None)

    @property
    def icon(self) -> str:
        """Name of the icon of its state."""
        return {
            State.OPEN: "first",
            State.NOTIFIED: "soon",
            State.ACKNOWLEDGED: "negative",
            State.WITHDRAWN: "not_analysed",
        }[self.state]


def criticals_of(study: Study) -> list[CriticalRow]:
    """Return the critical results of a study, in the order in which they were recorded."""
    return _critical_rows(CriticalResult.objects.filter(study=study))


def unacknowledged(criticals: QuerySet[CriticalResult] | None = None) -> QuerySet[CriticalResult]:
    """Narrow to critical results that are neither read back nor withdrawn, the oldest first."""
    rows = CriticalResult.objects.all() if criticals is None else criticals
    return rows.exclude(_settled()).order_by("opened_at", "pk")


def overdue(criticals: QuerySet[CriticalResult]) -> list[tuple[CriticalResult, Waiting]]:
    """Return the critical results not read back within their site's target, the oldest first: one query."""
    target = Coalesce("study__site__rules__critical_minutes", Value(SiteSettings().critical_minutes))
    now = timezone.now()
    rows = [
        (row, waited(since=row.opened_at, until=now, minutes=row.target))
        for row in unacknowledged(criticals).select_related("study").annotate(target=target)
    ]
    return [(row, waiting) for row, waiting in rows if waiting.level == OVERDUE]


def overdue_count(user: User) -> int:
    """Return the number of overdue critical results at the sites that a user sees."""
    return len(overdue(_visible(user)))


def criticals_list(user: User) -> tuple[list[CriticalRow], list[CriticalRow]]:
    """Return the open critical results that the user sees, oldest first, and the settled ones, newest first."""
    visible = _visible(user)
    settled = visible.filter(_settled())
    return _critical_rows(unacknowledged(visible)), _critical_rows(settled.order_by("-opened_at", "-pk")[:LISTED])


def criticals_open_at(site: int) -> list[CriticalRow]:
    """Return the critical results of a site that are not read back, the oldest first."""
    return _critical_rows(unacknowledged(CriticalResult.objects.filter(study__site=site)))


def criticals_open(studies: Collection[UUID]) -> dict[UUID, int]:
    """Return how many critical results of each study nobody has read back: one query."""
    rows = unacknowledged(CriticalResult.objects.filter(study__in=studies)).order_by()
    return dict(rows.values_list("study").annotate(count=Count("pk")))


def _visible(user: User) -> QuerySet[CriticalResult]:
    return CriticalResult.objects.filter(study__site__in=visible_sites(user, Site.objects.all()))


def _settled() -> Q:
    read_back = Notification.objects.filter(critical=OuterRef("pk"), read_back=True)
    return Q(Exists(read_back)) | Q(Exists(Withdrawal.objects.filter(critical=OuterRef("pk"))))


def _critical_rows(rows: QuerySet[CriticalResult]) -> list[CriticalRow]:
    found = list(
        rows.select_related(
            "study__patient", "study__site", "opened_by", "finding", "withdrawal__by", "escalation"
        ).prefetch_related("notifications__by")
    )
    rules = SiteSettings.objects.in_bulk({one.study.site_id for one in found})
    return [
        _critical_row(row, rules.get(row.study.site_id) or SiteSettings(), list(row.notifications.all()))
        for row in found
    ]


def _critical_row(row: CriticalResult, rules: SiteSettings, notifications: list[Notification]) -> CriticalRow:
    withdrawal = getattr(row, "withdrawal", None)
    until = next(
        (one.notified_at for one in notifications if one.read_back), withdrawal.at if withdrawal else timezone.now()
    )
    waiting = waited(since=row.opened_at, until=until, minutes=rules.critical_minutes)
    return CriticalRow(row, notifications, waiting, withdrawal, getattr(row, "escalation", None))
