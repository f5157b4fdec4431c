"""Hand-overs as the pages show them: what was open, and whether it still is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from webapp.foundation.accounts.models import Site, User
from webapp.foundation.accounts.permissions import Action, may, visible_sites
from webapp.imaging.archive.models import Study
from webapp.reading.handover.models import Handover
from webapp.reading.handover.registry import KINDS, Kind, current_items

LISTED = 50


@dataclass(frozen=True)
class LineShown:
    """One line, whom its study shows (looked up now), and whether it is settled since; None where that is unknown."""

    sentence: str
    study: Study | None
    is_settled: bool | None = None


@dataclass(frozen=True)
class Group:
    """The lines of one kind."""

    kind: Kind
    lines: Sequence[LineShown]


def handovers_visible(user: User) -> QuerySet[Handover]:
    """Return the hand-overs of the sites that the user sees, the newest first."""
    seen = Handover.objects.filter(site__in=visible_sites(user, Site.objects.all()))
    return seen.select_related("site", "by", "accepted_by").order_by("-at", "-pk")


def handovers_list(user: User) -> QuerySet[Handover]:
    """Return the newest of them with how much each left open."""
    return handovers_visible(user).annotate(left=Count("lines"))[:LISTED]


def handovers_waiting(user: User) -> list[Handover]:
    """Return the hand-overs of the user's own site that wait for a reader: for them, that is."""
    if not may(user, Action.READ):
        return []
    waiting = Handover.objects.filter(site=user.site_id, accepted_by=None).exclude(by=user)
    return list(waiting.select_related("by").order_by("at", "pk"))


def open_items(site: Site) -> list[Group]:
    """Return what is left open at a site now, by kind."""
    now = current_items(site)
    studies = _studies(one.left.study for one in now)
    lines = [(one.kind.name, LineShown(one.left.sentence, studies.get(one.left.study))) for one in now]
    return _grouped(lines)


def kept(handover: Handover) -> list[Group]:
    """Return the lines of a hand-over by kind: what no app leaves open any more is settled."""
    still = {one.key for one in current_items(handover.site)}
    rows = list(handover.lines.all())
    studies = _studies(row.study_id for row in rows)
    lines = [
        (row.kind, LineShown(row.sentence, studies.get(row.study_id), (row.kind, row.about) not in still))
        for row in rows
    ]
    return _grouped(lines)


def _grouped(lines: Sequence[tuple[str, LineShown]]) -> list[Group]:
    groups = [Group(kind, [line for name, line in lines if name == kind.name]) for kind in KINDS]
    return [group for group in groups if group.lines]


def _studies(ids: Iterable[object]) -> dict[object, Study]:
    found = Study.objects.select_related("patient").filter(pk__in={one for one in ids if one})
    return {study.pk: study for study in found}
