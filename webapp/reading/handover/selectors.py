"""Hand-overs and their items: what is open at a site now, what was handed over, and whether it is settled since."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from webapp.foundation.accounts.models import Site, User
from webapp.foundation.accounts.permissions import Action, may, visible_sites
from webapp.foundation.core.handover_items import HandoverItem, HandoverKind, handover_kinds
from webapp.imaging.archive.models import Study
from webapp.reading.handover.models import Handover

LISTED = 50


@dataclass(frozen=True)
class OpenItem:
    """An open item with its kind."""

    kind: HandoverKind
    item: HandoverItem

    @property
    def key(self) -> tuple[str, str]:
        """Unique key of the item among all open items."""
        return self.kind.name, self.item.about


def current_items(site: Site) -> list[OpenItem]:
    """Return all open items of a site now."""
    return [OpenItem(kind, item) for kind in handover_kinds for item in kind.items(site.pk)]


@dataclass(frozen=True)
class LineView:
    """A line with its study (looked up now), and whether it is settled since; None where that is unknown."""

    sentence: str
    study: Study | None
    is_settled: bool | None = None


@dataclass(frozen=True)
class Group:
    """The lines of one kind."""

    kind: HandoverKind
    lines: Sequence[LineView]


def handovers_visible(user: User) -> QuerySet[Handover]:
    """Return the hand-overs of the sites that the user sees, the newest first."""
    seen = Handover.objects.filter(site__in=visible_sites(user, Site.objects.all()))
    return seen.select_related("site", "by", "accepted_by").order_by("-at", "-pk")


def handovers_list(user: User) -> QuerySet[Handover]:
    """Return the newest hand-overs with the number of items of each."""
    return handovers_visible(user).annotate(n_items=Count("lines"))[:LISTED]


def handovers_waiting(user: User) -> list[Handover]:
    """Return the hand-overs of the user's own site that wait to be accepted by them."""
    if not may(user, Action.READ):
        return []
    waiting = Handover.objects.filter(site=user.site_id, accepted_by=None).exclude(by=user)
    return list(waiting.select_related("by").order_by("at", "pk"))


def open_groups(site: Site) -> list[Group]:
    """Return the open items of a site now, by kind."""
    now = current_items(site)
    studies = _studies_by_id(one.item.study for one in now)
    lines = [(one.kind.name, LineView(one.item.sentence, studies.get(one.item.study))) for one in now]
    return _group_lines(lines)


def handover_groups(handover: Handover) -> list[Group]:
    """Return the lines of a hand-over by kind: items that no app reports as open any more are settled."""
    still_open = {one.key for one in current_items(handover.site)}
    rows = list(handover.lines.all())
    studies = _studies_by_id(row.study_id for row in rows)
    lines = [
        (row.kind, LineView(row.sentence, studies.get(row.study_id), (row.kind, row.about) not in still_open))
        for row in rows
    ]
    return _group_lines(lines)


def _group_lines(lines: Sequence[tuple[str, LineView]]) -> list[Group]:
    groups = [Group(kind, [line for name, line in lines if name == kind.name]) for kind in handover_kinds]
    return [group for group in groups if group.lines]


def _studies_by_id(ids: Iterable[object]) -> dict[object, Study]:
    found = Study.objects.select_related("patient").filter(pk__in={one for one in ids if one})
    return {study.pk: study for study in found}
