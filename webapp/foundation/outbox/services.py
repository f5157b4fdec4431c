"""Asking for work, claiming it, finishing it, failing it. Every move is one conditional UPDATE in a transaction."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from threading import Event
from typing import Any

from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from webapp.foundation.accounts.models import User
from webapp.foundation.core.steps import where_raised
from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.registry import Kind, kind_of, kinds_registered
from webapp.foundation.outbox.wake import wake

log = logging.getLogger(__name__)
State = OutboxItem.State

STOPPED = "Readroom was stopped before it finished."
OURS = "Readroom's own disk or database does not respond."
BROKEN = "An unexpected error occurred in Readroom ({kind}); its log says where."
#: Not the fault of the work. Other errors of the database are: a value that does not fit fails again.
TROUBLE_OF_OURS = (OperationalError, InterfaceError, OSError)
#: Until work is tried again that Readroom's own disk or database kept from being done; such an attempt does not count.
PAUSE_AFTER_TROUBLE = timedelta(seconds=20)
KEEP_DONE = timedelta(days=30)
#: An item that no worker holds (any more).
NOBODY: dict[str, Any] = {"holder": "", "lease_expires_at": None}
#: Candidates looked at for one claim: some may be taken by another worker at the same moment.
CANDIDATES = 20
#: Set while the process is being stopped: long work ends at its next good place, by raising Interrupted.
stopping = Event()


class RetryLater(Exception):  # noqa: N818 - a request to the engine, not an error of the program
    """The attempt failed, the next one may not; the message is for people.

    Attributes
    ----------
    progressed
        Whether something got done: the count of failures then starts anew. For work of finitely many parts.
    """

    def __init__(self, reason: str, *, progressed: bool = False) -> None:
        super().__init__(reason)
        self.progressed = progressed


class Impossible(Exception):  # noqa: N818 - as above
    """No further attempt would help; the message is for people."""


class Interrupted(Exception):  # noqa: N818 - as above
    """Readroom is being stopped; the attempt does not count."""


class LeaseLostError(Exception):
    """Another worker does this by now: nothing of this attempt may stay."""


def enqueue(kind: str, subject: object, *, lane: object = "", payload: dict[str, Any] | None = None) -> None:
    """Ask for a piece of work, or ask again for one that is over; one under way goes on.

    Call it in the transaction that makes the work necessary: neither is then without the other.
    """
    item, is_new = OutboxItem.objects.get_or_create(
        kind=kind, subject=str(subject), defaults={"lane": str(lane), "payload": payload or {}}
    )
    if not is_new:
        _again(OutboxItem.objects.filter(pk=item.pk).exclude(state=State.LEASED))
    wake()


def retry_now(kind: str, subject: object) -> bool:
    """Let work that failed, or waits for its next attempt, be done now; False where it is under way or done."""
    asked = _again(OutboxItem.objects.filter(kind=kind, subject=str(subject), state__in=[State.FAILED, State.WAITING]))
    wake()
    return asked


@transaction.atomic
def retry_failed(item: OutboxItem, *, user: User, request: HttpRequest) -> bool:
    """Take an item out of quarantine, as an administrator asks; False where it is not there (any more)."""
    if not _again(OutboxItem.objects.filter(pk=item.pk, state=State.FAILED)):
        return False
    kind_of(item.kind).retried(item, user, request)
    wake()
    return True


def _again(items: QuerySet[OutboxItem]) -> bool:
    return bool(items.update(state=State.WAITING, failures=0, next_at=timezone.now(), reason="", finished_at=None))


def claim(kind: Kind, *, holder: str = "") -> OutboxItem | None:
    """Take the oldest piece of work that is due; None where there is none. Of two that ask at once, each gets another.

    Two workers never hold one item: taking it is an UPDATE of the row as it was seen. They never hold two of one
    lane either: a constraint of the table refuses the second.
    """
    now, rows = timezone.now(), OutboxItem.objects.filter(kind=kind.name)
    if rows.filter(state=State.LEASED).count() >= kind.policy.at_once:
        return None
    for item in _due(kind, rows, now)[:CANDIDATES]:
        changes = {
            "state": State.LEASED,
            "attempt": item.attempt + 1,
            "holder": holder,
            "lease_expires_at": now + kind.policy.lease,
            "started_at": now,
        }
        try:
            with transaction.atomic():
                is_taken = _change(item, State.WAITING, **changes)
        except IntegrityError:
            continue  # another worker has just begun in this lane
        if is_taken:
            return item
    return None


def _due(kind: Kind, rows: QuerySet[OutboxItem], now: datetime) -> QuerySet[OutboxItem]:
    """Return what may begin now, the oldest first."""
    due = rows.filter(state=State.WAITING, next_at__lte=now)
    in_lane = rows.filter(lane=OuterRef("lane")).exclude(lane="")
    busy = in_lane.filter(state=State.LEASED)
    if kind.policy.in_order:
        busy = in_lane.filter(Q(state=State.LEASED) | Q(state=State.WAITING, pk__lt=OuterRef("pk")))
    return due.exclude(lane__in=list(kind.closed_lanes())).exclude(Exists(busy)).order_by("next_at", "pk")


def _change(item: OutboxItem, seen: str = State.LEASED, **changes: Any) -> bool:
    """Change an item that still stands as it was seen, in the table and in hand; False where it moved meanwhile."""
    if not OutboxItem.objects.filter(pk=item.pk, state=seen, attempt=item.attempt).update(**changes):
        return False
    for name, value in changes.items():
        setattr(item, name, value)
    return True


def renew(item: OutboxItem) -> None:
    """Show that the worker lives.

    Raises
    ------
    LeaseLostError
        If another worker took it meanwhile.
    """
    if not _change(item, lease_expires_at=timezone.now() + kind_of(item.kind).policy.lease):
        raise LeaseLostError


def hold(item: OutboxItem) -> None:
    """Let the lease end no more by itself: its worker's own sign of life is watched from now on. Raises as `renew`."""
    if not _change(item, lease_expires_at=None):
        raise LeaseLostError


def complete(item: OutboxItem, *, reason: str = "") -> None:
    """End a piece of work well. Call it first in the transaction that writes the result: it is the fence before it.

    Raises
    ------
    LeaseLostError
        If another worker took it meanwhile; let it through, so that the transaction leaves nothing.
    """
    ended: dict[str, Any] = {"state": State.DONE, "reason": reason[:500], "finished_at": timezone.now()}
    if not _change(item, **ended, **NOBODY):
        raise LeaseLostError


@transaction.atomic
def fail(item: OutboxItem, reason: str, *, for_good: bool = False, progressed: bool = False) -> bool:
    """End an attempt that failed: put the work off, or leave it to a person; False where it was another's by then."""
    kind, now = kind_of(item.kind), timezone.now()
    failures = 1 if progressed else item.failures + 1
    is_last = for_good or failures >= kind.policy.failures_allowed
    whole = f"Failed {failures} times. {reason}" if is_last and not for_good else reason
    changes: dict[str, Any] = {"failures": failures, "reason": whole[:500], **NOBODY}
    if is_last:
        changes |= {"state": State.FAILED, "finished_at": now}
    else:
        changes |= {"state": State.WAITING, "next_at": now + kind.policy.pause_after(failures)}
    if not _change(item, **changes):
        return False
    if is_last:
        kind.failed(item, reason)
    else:
        kind.put_off(item)
    return True


@transaction.atomic
def postpone(item: OutboxItem, reason: str, *, pause: timedelta = PAUSE_AFTER_TROUBLE) -> None:
    """End an attempt that could not be made: it does not count as failed."""
    waits: dict[str, Any] = {"state": State.WAITING, "reason": reason[:500], "next_at": timezone.now() + pause}
    if _change(item, **waits, **NOBODY):
        kind_of(item.kind).put_off(item)


def work_on(item: OutboxItem) -> None:
    """Do a claimed piece of work, and keep account of how it ended.

    Raises
    ------
    django.db.OperationalError
        If not even that can be written down; the lease then expires, and another attempt follows.
    """
    try:
        _accounted(item, kind_of(item.kind).handle)
    except TROUBLE_OF_OURS as trouble:
        log.warning("%s %s: put off: %s: %s", item.kind, item.subject, type(trouble).__name__, where_raised(trouble))
        postpone(item, OURS)


def watch(item: OutboxItem) -> bool:
    """Look how far another process is with a piece of work; return whether it came further.

    Raises
    ------
    django.db.OperationalError
        If the database does not answer: what the other process wrote stays, and is looked at later.
    """
    kind = kind_of(item.kind)
    if kind.watch is None:
        raise TypeError(f"{kind.name} is done here")
    try:
        return _accounted(item, kind.watch)
    except OSError as trouble:  # the files of this one attempt: another one has others
        log.warning("%s %s: %s: %s", item.kind, item.subject, type(trouble).__name__, where_raised(trouble))
        return _settled(item, OURS)


def _accounted(item: OutboxItem, work: Callable[[OutboxItem], bool | None]) -> bool:
    """Do something about a claimed item, and keep account of how it ended; True where it came further."""
    try:
        return bool(work(item))
    except TROUBLE_OF_OURS:
        raise
    except LeaseLostError:
        log.warning("%s %s: another worker took it over", item.kind, item.subject)
    except Impossible as why:
        return _settled(item, str(why), for_good=True)
    except Interrupted:
        postpone(item, STOPPED, pause=timedelta(0))
    except RetryLater as why:
        return _settled(item, str(why), progressed=why.progressed)
    except Exception as unforeseen:  # noqa: BLE001 - one piece of work that breaks down stops no other
        return _settled(item, _noted(item, unforeseen))
    return True


def _settled(item: OutboxItem, reason: str, *, for_good: bool = False, progressed: bool = False) -> bool:
    """Fail an attempt; where its own app cannot follow, leave the item to a person rather than try for ever."""
    try:
        fail(item, reason, for_good=for_good, progressed=progressed)
    except TROUBLE_OF_OURS:
        raise
    except Exception as unforeseen:  # noqa: BLE001 - whatever it is, the other items go on
        left: dict[str, Any] = {
            "state": State.FAILED,
            "reason": _noted(item, unforeseen),
            "finished_at": timezone.now(),
        }
        _change(item, **left, **NOBODY)
    return True


def _noted(item: OutboxItem, unforeseen: Exception) -> str:
    """Log what nobody foresaw, and return it in words for people; never its message, which may quote the patient."""
    name = type(unforeseen).__name__
    log.error("%s %s: %s: %s", item.kind, item.subject, name, where_raised(unforeseen))
    return BROKEN.format(kind=name)


def work_due(name: str) -> int:
    """Do the oldest due piece of work of a kind in this thread; return how many that were, 0 or 1."""
    item = claim(kind_of(name))
    if item is None:
        return 0
    work_on(item)
    return 1


def dispatch_due(kind: Kind) -> int:
    """Ask another process for as much work of a kind as may be under way; return how much that was."""
    dispatched = 0
    while (item := claim(kind)) is not None:
        work_on(item)
        dispatched += 1
    return dispatched


def watch_all(names: Iterable[str]) -> tuple[int, list[OutboxItem]]:
    """Look after all work of some kinds that other processes do; return how much came further, and what is left."""
    items = list(OutboxItem.objects.filter(state=State.LEASED, kind__in=list(names)).order_by("started_at"))
    moved = [watch(item) for item in items]
    return sum(moved), [item for item, is_further in zip(items, moved, strict=True) if not is_further]


def recover(*, is_dead: Callable[[str], bool] = lambda _holder: False, kinds: Iterable[Kind]) -> int:
    """Take back work whose worker died: its lease expired, or its process is known to be gone; return how many.

    Each counts as a failed attempt.
    """
    leased = OutboxItem.objects.filter(state=State.LEASED, kind__in=[kind.name for kind in kinds])
    holders = leased.exclude(holder="").values_list("holder", flat=True).distinct()
    dead = [holder for holder in holders if is_dead(holder)]
    left = leased.filter(Q(lease_expires_at__lt=timezone.now()) | Q(holder__in=dead))
    return sum(_settled(item, STOPPED) for item in left)


def prune_done() -> int:
    """Forget work that ended well long ago; return how much that was.

    Not what other processes do: the numbers of its attempts name folders, and are never given again.
    """
    names = [kind.name for kind in kinds_registered() if kind.watch is None]
    old = OutboxItem.objects.filter(state=State.DONE, kind__in=names, finished_at__lt=timezone.now() - KEEP_DONE)
    return old.delete()[0]
