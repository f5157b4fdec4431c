"""The bar at the top: the pages that this user may open."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from django.http import HttpRequest
from django.urls import reverse

from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.navigation import NavigationEntry, navigation_entries
from webapp.foundation.accounts.permissions import may

FEW = 2


@dataclass(frozen=True)
class PageLink:
    """One entry of the bar."""

    address: str
    word: str
    is_here: bool
    #: How many wait there for somebody; asked only where it is shown.
    waiting: Callable[[], int]
    #: What those that wait are.
    are: str


def navigation(request: HttpRequest) -> dict[str, list[PageLink]]:
    """Context processor: the entries of the bar, none for somebody who is not signed in."""
    pages = _shown(request, (entry for entry in navigation_entries if not entry.is_administration))
    house = _shown(request, (entry for entry in navigation_entries if entry.is_administration))
    if len(house) <= FEW:
        return {"pages_shown": pages + house, "house_shown": []}
    return {"pages_shown": pages, "house_shown": house}


def _shown(request: HttpRequest, entries: Iterable[NavigationEntry]) -> list[PageLink]:
    here = request.resolver_match.url_name if request.resolver_match else None
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return []
    return [
        PageLink(reverse(entry.name), entry.word, entry.name == here, partial(entry.waiting, user), entry.waiting_word)
        for entry in entries
        if may(user, entry.action)
    ]
