"""The bar at the top: the pages that this user may open."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.permissions import Action, may
from webapp.reading.critical_results.selectors import overdue_count
from webapp.reading.reporting.selectors import discrepancies_visible
from webapp.reading.worklist.selectors import OVERDUE

Entry = tuple[str, str, Action]
#: Route, word, and what one must be allowed to do.
PAGES: tuple[Entry, ...] = (
    ("worklist", "Worklist", Action.SEE),
    ("criticals", "Critical", Action.SEE),
    ("handovers", "Hand-over", Action.SEE),
    ("discrepancies", "Discrepancies", Action.READ),
    ("campaigns", "Campaigns", Action.READ),
    ("upload", "Upload", Action.UPLOAD),
    ("models", "Models", Action.SEE),
)
#: What is about the house: folded away where it is more than a few.
HOUSE: tuple[Entry, ...] = (
    ("reading-rules", "Reading", Action.MANAGE_READING),
    ("performance", "Performance", Action.SEE_PERFORMANCE),
    ("network", "Network", Action.MANAGE_DESTINATIONS),
    ("tokens", "Tokens", Action.MANAGE_TOKENS),
    ("exports", "Exports", Action.EXPORT),
    ("webhooks", "Webhooks", Action.MANAGE_WEBHOOKS),
    ("background-work", "Background work", Action.MANAGE_WORK),
    ("audit", "Audit", Action.SEARCH_AUDIT),
)
FEW = 2


@dataclass(frozen=True)
class PageLink:
    """One entry of the bar."""

    address: str
    word: str
    is_here: bool
    #: How many wait there for somebody; asked only where it is shown.
    waiting: Callable[[], int] = int
    #: What those that wait are.
    are: str = "open"


def navigation(request: HttpRequest) -> dict[str, list[PageLink]]:
    """Context processor: the entries of the bar, none for somebody who is not signed in."""
    pages, house = _shown(request, PAGES), _shown(request, HOUSE)
    if len(house) <= FEW:
        return {"pages_shown": pages + house, "house_shown": []}
    return {"pages_shown": pages, "house_shown": house}


def _shown(request: HttpRequest, entries: Iterable[Entry]) -> list[PageLink]:
    here = request.resolver_match.url_name if request.resolver_match else None
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return []
    waiting = _waiting(user)
    allowed = [entry for entry in entries if may(user, entry[2])]
    return [
        PageLink(reverse(route), word, route == here, *waiting.get(route, (int, "open")))
        for route, word, _act in allowed
    ]


def _waiting(user: User) -> dict[str, tuple[Callable[[], int], str]]:
    """Return how many wait for a user, by route, and what they are."""
    waiting: dict[str, tuple[Callable[[], int], str]] = {
        "discrepancies": (lambda: discrepancies_visible(user).filter(acknowledged_at=None).count(), "open")
    }
    if may(user, Action.MANAGE_READING):  # whoever answers for how the site reads
        waiting["criticals"] = (lambda: overdue_count(user), OVERDUE)
    return waiting
