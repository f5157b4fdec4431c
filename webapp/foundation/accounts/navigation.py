"""The entries of the bar at the top of every page: each app registers its own."""

from collections.abc import Callable
from dataclasses import dataclass

from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.permissions import Action
from webapp.foundation.core.registry import Registry


def nothing_waits(user: User) -> int:  # noqa: ARG001 - the signature of every counter
    """Count nothing."""
    return 0


@dataclass(frozen=True)
class NavigationEntry:
    """A page that the bar links to.

    Attributes
    ----------
    name
        The name of its route.
    word
        What the bar calls it.
    action
        What somebody must be allowed to do to see the entry.
    order
        Its place in the bar, from the left.
    is_administration
        Whether it stands with the pages about the house, which are folded away where they are more than a few.
    waiting
        How many things wait there for a user.
    waiting_word
        What those are.
    """

    name: str
    word: str
    action: Action
    order: int
    is_administration: bool = False
    waiting: Callable[[User], int] = nothing_waits
    waiting_word: str = "open"


navigation_entries: Registry[NavigationEntry] = Registry()
