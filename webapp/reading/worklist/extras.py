"""What other apps show on the worklist: badges beside a study, notices above the list."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from webapp.foundation.accounts.models import User
from webapp.foundation.core.registry import Registry


@dataclass(frozen=True)
class WorklistBadge:
    """A few words beside an icon on a study's row.

    Attributes
    ----------
    name
        Unique name of the badge; also its CSS class.
    counts
        Returns how many there are of it, for each of many studies that has any, in one query.
    """

    name: str
    word: str
    icon: str
    counts: Callable[[Collection[UUID]], Mapping[UUID, int]]
    order: int


@dataclass(frozen=True)
class WorklistNotice:
    """A notice to readers above the list.

    Attributes
    ----------
    name
        Name of the route that renders it again.
    template, context
        Its template, and the function that returns the template's context.
    """

    name: str
    template: str
    context: Callable[[User], Mapping[str, Any]]
    order: int


@dataclass(frozen=True)
class DrawnNotice:
    """A rendered notice, and the address from which the page refreshes it."""

    address: str
    html: SafeString


worklist_badges: Registry[WorklistBadge] = Registry()
worklist_notices: Registry[WorklistNotice] = Registry()


def badges_of(studies: Collection[UUID]) -> dict[UUID, list[WorklistBadge]]:
    """Return the badges of studies: one query a kind of badge, however many studies."""
    found: dict[UUID, list[WorklistBadge]] = {study: [] for study in studies}
    for badge in worklist_badges:
        counts = badge.counts(studies)
        for study in studies:
            if counts.get(study):
                found[study].append(badge)
    return found


def draw_notices(request: HttpRequest, user: User) -> list[DrawnNotice]:
    """Return the notices above the list."""
    return [
        DrawnNotice(reverse(notice.name), render_to_string(notice.template, dict(notice.context(user)), request))
        for notice in worklist_notices
    ]
