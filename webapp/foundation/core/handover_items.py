"""What a shift leaves open: each app registers the kinds of it that it knows of."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.utils.timezone import localtime

from webapp.foundation.core.registry import Registry


class HandoverItem(NamedTuple):
    """One thing that is left open.

    Attributes
    ----------
    about
        Tells it from the others of its kind; the same again as long as it is left open.
    study
        Which study it is about, if one.
    sentence
        What is left, as it is kept for good: it names no patient.
    """

    about: str
    study: UUID | None
    sentence: str


def clock(at: datetime) -> str:
    """Return a moment as a hand-over says it: hour and minute, with the day where it is not today."""
    local, today = localtime(at), localtime().date()
    return f"{local:%H:%M}" if local.date() == today else f"{local:%d %b %H:%M}"


@dataclass(frozen=True)
class HandoverKind:
    """One kind of thing that a shift leaves open.

    Attributes
    ----------
    name, title, icon
        As the rows keep it, as people read it, and the shape beside it.
    order
        Its place in the list: what the next reader wants to know first.
    items
        What of it is left open now at a site, which is named by its number.
    """

    name: str
    title: str
    icon: str
    order: int
    items: Callable[[int], Iterable[HandoverItem]]


#: An app that leaves something open registers its kind here.
handover_kinds: Registry[HandoverKind] = Registry()
