"""The kinds of work that the outbox holds. Each app registers its own in `AppConfig.ready()`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

from webapp.foundation.accounts.models import User
from webapp.foundation.outbox.models import OutboxItem


class Group(StrEnum):
    """Which service does a kind of work, where they are not all one process."""

    HOUSEKEEPING = "housekeeping"
    DELIVERY = "delivery"
    SHARING = "sharing"


@dataclass(frozen=True)
class Policy:
    """How a kind of work is tried.

    Attributes
    ----------
    failures_allowed
        Failed attempts in a row after which it waits for a person.
    first_pause, longest_pause
        Until the next attempt: doubled after each failure, up to the longest.
    lease
        A worker that has not renewed for so long has died.
    at_once
        How many may be under way.
    in_order
        Whether work in a lane is done strictly in the order in which it was asked for.
    """

    failures_allowed: int = 10
    first_pause: timedelta = timedelta(seconds=5)
    longest_pause: timedelta = timedelta(hours=1)
    lease: timedelta = timedelta(seconds=60)
    at_once: int = 1
    in_order: bool = False

    def pause_after(self, failures: int) -> timedelta:
        """Return how long to wait after so many failures in a row."""
        # Capped before it is multiplied: a timedelta cannot hold a second doubled a hundred times.
        return min(self.first_pause * (1 << min(max(0, failures - 1), 20)), self.longest_pause)


def _nothing(_item: OutboxItem) -> None:
    """Do nothing: the kind's own row need not know."""


def _nothing_more(_item: OutboxItem, _why: str) -> None:
    """As `_nothing`, after the last attempt."""


def _no_lanes() -> Iterable[str]:
    return ()


@dataclass(frozen=True)
class Kind:
    """A kind of work, as the app that owns it registers it.

    Attributes
    ----------
    name, title
        Its key in the table, and its name for people.
    handle
        Does the work of a claimed item, and calls `services.complete` in the transaction that writes the result.
        Raises `services.RetryLater` or `services.Impossible` where it cannot.
    put_off
        What else changes with an attempt that failed and is not the last. In the same transaction; the item holds why.
    failed
        What else changes with the last one. In the same transaction; it is given why that attempt failed, and the item
        holds the whole reason: how often, and why.
    retried
        What else changes where an administrator asks for it again, its audit event among it. In the same transaction.
    closed_lanes
        Lanes whose work waits for now: a destination that is switched off.
    page
        Address of the page that shows a subject, None where there is none.
    watch
        For work that another process does (`remote`): `handle` asks for it, and this looks how far it is, and returns
        whether it came further. Such an item has no holder: whoever watches may change.
    news
        For the same work: returns what says, without the database, whether it is worth while to watch.
    """

    name: str
    title: str
    group: Group
    handle: Callable[[OutboxItem], None]
    retried: Callable[[OutboxItem, User, HttpRequest], None]
    policy: Policy = field(default_factory=Policy)
    put_off: Callable[[OutboxItem], None] = _nothing
    failed: Callable[[OutboxItem, str], None] = _nothing_more
    closed_lanes: Callable[[], Iterable[str]] = _no_lanes
    page: Callable[[str], str | None] = lambda _subject: None
    watch: Callable[[OutboxItem], bool] | None = None
    news: Callable[[OutboxItem], Callable[[], bool]] = lambda _item: lambda: False


def page_of(model: type[Model], path: str, *, route: str = "study") -> Callable[[str], str | None]:
    """Return what finds the page of a subject: a route of the study to which a path of the model's row leads."""

    def page(subject: str) -> str | None:
        study = model._default_manager.filter(pk=subject).values_list(path, flat=True).first()
        return reverse(route, args=[study]) if study else None

    return page


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Let the outbox know a kind of work."""
    _kinds[kind.name] = kind


def kind_of(name: str) -> Kind:
    """Return the kind of that name; raises KeyError where no app registered it."""
    return _kinds[name]


def kinds_registered(groups: Iterable[Group] = tuple(Group)) -> list[Kind]:
    """Return the kinds of some groups, in the order in which they were registered."""
    wanted = set(groups)
    return [kind for kind in _kinds.values() if kind.group in wanted]
