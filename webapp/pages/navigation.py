"""The bar at the top: the pages that this user may open."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from webapp.accounts.policy import Act, may

#: Route, word, and what one must be allowed to do.
PAGES = (
    ("worklist", "Worklist", Act.SEE),
    ("upload", "Upload", Act.UPLOAD),
    ("models", "Models", Act.SEE),
    ("reading-rules", "Reading", Act.MANAGE_READING),
    ("performance", "Performance", Act.SEE_PERFORMANCE),
    ("network", "Network", Act.MANAGE_DESTINATIONS),
    ("tokens", "Tokens", Act.KEEP_TOKENS),
    ("exports", "Exports", Act.EXPORT),
    ("webhooks", "Webhooks", Act.MANAGE_WEBHOOKS),
    ("audit", "Audit", Act.SEARCH_AUDIT),
)


@dataclass(frozen=True)
class PageLink:
    """One entry of the bar."""

    address: str
    word: str
    is_here: bool


def bar(request: HttpRequest) -> dict[str, list[PageLink]]:
    """Context processor: the entries of the bar, none for somebody who is not signed in."""
    here = request.resolver_match.url_name if request.resolver_match else None
    shown = [page for page in PAGES if may(request.user, page[2])] if hasattr(request, "user") else []
    return {"pages_shown": [PageLink(reverse(route), word, route == here) for route, word, _act in shown]}
