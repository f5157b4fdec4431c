"""What is left open at a site now: one function an app, in the order in which the next reader wants to know."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from webapp.foundation.accounts.models import Site
from webapp.foundation.core.handover_items import HandoverItem
from webapp.imaging.inference.handover_items import outage_items
from webapp.reading.critical_results.handover_items import critical_items
from webapp.reading.reporting.handover_items import draft_items
from webapp.reading.worklist.handover_items import claim_items, stat_items


@dataclass(frozen=True)
class Kind:
    """One kind of thing that is left open.

    Attributes
    ----------
    name, title, icon
        As the rows keep it, as people read it, and the shape beside it.
    left
        What of it is left open at a site now.
    """

    name: str
    title: str
    icon: str
    left: Callable[[Site], Iterable[HandoverItem]]


#: An app that leaves something open adds its line here.
KINDS = (
    Kind("critical", "Critical results that nobody read back", "first", critical_items),
    Kind("stat", "STAT, not read", "soon", stat_items),
    Kind("draft", "Reports begun and not signed", "file", draft_items),
    Kind("held", "In somebody's hands", "mine", claim_items),
    Kind("outage", "AI outages", "failed", outage_items),
)


@dataclass(frozen=True)
class Open:
    """Something left open, with its kind."""

    kind: Kind
    left: HandoverItem

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from everything else that is left open."""
        return self.kind.name, self.left.about


def current_items(site: Site) -> list[Open]:
    """Return all that is left open at a site now."""
    return [Open(kind, left) for kind in KINDS for left in kind.left(site)]
