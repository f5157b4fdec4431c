"""What is left open at a site now, of every kind that an app knows of."""

from dataclasses import dataclass

from webapp.foundation.accounts.models import Site
from webapp.foundation.core.handover_items import HandoverItem, HandoverKind, handover_kinds


@dataclass(frozen=True)
class Open:
    """Something left open, with its kind."""

    kind: HandoverKind
    left: HandoverItem

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from everything else that is left open."""
        return self.kind.name, self.left.about


def current_items(site: Site) -> list[Open]:
    """Return all that is left open at a site now."""
    return [Open(kind, left) for kind in handover_kinds for left in kind.items(site.pk)]
