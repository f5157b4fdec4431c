"""Critical results as the pages show them: how far each is, and how long that took beside the site's target."""

from collections.abc import Collection, Iterable
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
    """A critical result with who was told, how long it took (or takes) until it was settled, and whether by mistake.

    `escalation` says when its time was over, where that was written down.
    """

    row: CriticalResult
    told: list[Notification]
    waiting: Waiting
    withdrawal: Withdrawal | None
    escalation: Escalation | None = None

    @property
    def state(self) -> State:
        """How far it is."""
        if self.withdrawal:
            return State.WITHDRAWN
        if self.acknowledged_at:
            return State.ACKNOWLEDGED
        return State.TOLD if self.told else State.OPEN

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to do."""
        return self.state in {State.ACKNOWLEDGED, State.WITHDRAWN}

    @property
    def is_overdue(self) -> bool:
        """Whether nobody has read it back, and the time for that is over."""
        return not self.is_settled and self.waiting.level == OVERDUE

    @property
    def acknowledged_at(self) -> datetime | None:
        """When it was read back first."""
        return next((one.told_at for one in self.told if one.read_back), None)

    @property
    def icon(self) -> str:
        """The shape that stands beside the state's words."""
        return {
            State.OPEN: "first",
            State.TOLD: "soon",
            State.ACKNOWLEDGED: "negative",
            State.WITHDRAWN: "not_analysed",
        }[self.state]


def criticals_of(study: Study) -> list[CriticalRow]:
    """Return the critical results of a study, in the order in which they were recorded."""
    return _shown(CriticalResult.objects.filter(study=study))


def unacknowledged(criticals: QuerySet[CriticalResult] | None = None) -> QuerySet[CriticalResult]:
    """Keep those that nobody has read back or withdrawn, the oldest first."""
    rows = CriticalResult.objects.all() if criticals is None else criticals
    return rows.exclude(_settled()).order_by("opened_at", "pk")


def overdue(criticals: QuerySet[CriticalResult]) -> list[tuple[CriticalResult, Waiting]]:
    """Return those that nobody has read back within their site's target, the oldest first: one query."""
    target = Coalesce("study__site__rules__critical_minutes", Value(SiteSettings().critical_minutes))
    now = timezone.now()
    rows = [
        (row, waited(since=row.opened_at, until=now, minutes=row.target))
        for row in unacknowledged(criticals).select_related("study").annotate(target=target)
    ]
    return [(row, waiting) for row, waiting in rows if waiting.level == OVERDUE]


def overdue_count(user: User) -> int:
    """Return how many are overdue at the sites that a user sees."""
    return len(overdue(_seen(user)))


def criticals_list(user: User) -> tuple[list[CriticalRow], list[CriticalRow]]:
    """Return what is open at the sites that the user sees, oldest first, and what was settled, newest first."""
    seen = _seen(user)
    settled = seen.filter(_settled())
    return _shown(unacknowledged(seen)), _shown(settled.order_by("-opened_at", "-pk")[:LISTED])


def criticals_open_at(site: Site) -> list[CriticalRow]:
    """Return what nobody has read back at a site, the oldest first."""
    return _shown(unacknowledged(CriticalResult.objects.filter(study__site=site)))


def criticals_open(studies: Collection[UUID]) -> dict[UUID, int]:
    """Return how many critical results of each study nobody has read back: one query."""
    rows = unacknowledged(CriticalResult.objects.filter(study__in=studies)).order_by()
    return dict(rows.values_list("study").annotate(count=Count("pk")))


def _seen(user: User) -> QuerySet[CriticalResult]:
    return CriticalResult.objects.filter(study__site__in=visible_sites(user, Site.objects.all()))


def _settled() -> Q:
    read_back = Notification.objects.filter(critical=OuterRef("pk"), read_back=True)
    return Q(Exists(read_back)) | Q(Exists(Withdrawal.objects.filter(critical=OuterRef("pk"))))


def _shown(rows: QuerySet[CriticalResult]) -> list[CriticalRow]:
    found = list(
        rows.select_related(
            "study__patient", "study__site", "opened_by", "finding", "withdrawal__by", "escalation"
        ).prefetch_related("notifications__by")
    )
    rules = SiteSettings.objects.in_bulk({one.study.site_id for one in found})
    return [_one(row, rules.get(row.study.site_id) or SiteSettings(), row.notifications.all()) for row in found]


def _one(row: CriticalResult, rules: SiteSettings, notifications: Iterable[Notification]) -> CriticalRow:
    told, withdrawal = list(notifications), getattr(row, "withdrawal", None)
    until = next((one.told_at for one in told if one.read_back), withdrawal.at if withdrawal else timezone.now())
    waiting = waited(since=row.opened_at, until=until, minutes=rules.critical_minutes)
    return CriticalRow(row, told, waiting, withdrawal, getattr(row, "escalation", None))
