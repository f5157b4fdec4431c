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
    """Something that a study's row says in a few words, beside a shape.

    Attributes
    ----------
    name
        What tells it from the other badges; also its CSS class.
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
    """Something that readers are told above the list.

    Attributes
    ----------
    name
        The name of the route that answers it anew.
    template, context
        What draws it, and what that is given.
    """

    name: str
    template: str
    context: Callable[[User], Mapping[str, Any]]
    order: int


@dataclass(frozen=True)
class DrawnNotice:
    """A notice as the page holds it, and where it asks for news."""

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
