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

STOPPED = "Readroom was stopped in the middle of it."
OURS = "Readroom's own disk or database does not answer."
BROKEN = "Something unforeseen went wrong in Readroom itself ({kind}); its log says where."
#: Not the fault of the work. Other errors of the database are: a value that does not fit fails again.
TROUBLE_OF_OURS = (OperationalError, InterfaceError, OSError)
#: Until work is tried again that Readroom's own disk or database kept from being done; such an attempt does not count.
PAUSE_AFTER_TROUBLE = timedelta(seconds=20)
KEEP_DONE = timedelta(days=30)
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
                taken = rows.filter(pk=item.pk, state=State.WAITING, attempt=item.attempt).update(**changes)
        except IntegrityError:
            continue  # another worker has just begun in this lane
        if taken:
            for name, value in changes.items():
                setattr(item, name, value)
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


def _mine(item: OutboxItem) -> QuerySet[OutboxItem]:
    return OutboxItem.objects.filter(pk=item.pk, state=State.LEASED, attempt=item.attempt)


def renew(item: OutboxItem) -> None:
    """Show that the worker lives.

    Raises
    ------
    LeaseLostError
        If another worker took it meanwhile.
    """
    until = timezone.now() + kind_of(item.kind).policy.lease
    if not _mine(item).update(lease_expires_at=until):
        raise LeaseLostError
    item.lease_expires_at = until


def hold(item: OutboxItem) -> None:
    """Let the lease end no more by itself: its worker's own sign of life is watched from now on. Raises as `renew`."""
    if not _mine(item).update(lease_expires_at=None):
        raise LeaseLostError
    item.lease_expires_at = None


def complete(item: OutboxItem, *, reason: str = "") -> None:
    """End a piece of work well. Call it first in the transaction that writes the result: it is the fence before it.

    Raises
    ------
    LeaseLostError
        If another worker took it meanwhile; let it through, so that the transaction leaves nothing.
    """
    now = timezone.now()
    ended = {"state": State.DONE, "reason": reason[:500], "finished_at": now, "holder": "", "lease_expires_at": None}
    if not _mine(item).update(**ended):
        raise LeaseLostError


@transaction.atomic
def fail(item: OutboxItem, reason: str, *, for_good: bool = False, progressed: bool = False) -> bool:
    """End an attempt that failed: put the work off, or leave it to a person; False where it was another's by then."""
    kind, now = kind_of(item.kind), timezone.now()
    failures = 1 if progressed else item.failures + 1
    is_last = for_good or failures >= kind.policy.failures_allowed
    changes: dict[str, Any] = {"failures": failures, "holder": "", "lease_expires_at": None}
    if is_last:
        said = reason if for_good else f"Failed {failures} times. {reason}"
        changes |= {"state": State.FAILED, "reason": said[:500], "finished_at": now}
    else:
        next_at = now + kind.policy.pause_after(failures)
        changes |= {"state": State.WAITING, "reason": reason[:500], "next_at": next_at}
    if not _mine(item).update(**changes):
        return False
    for name, value in changes.items():
        setattr(item, name, value)
    (kind.failed if is_last else kind.put_off)(item)
    return True


@transaction.atomic
def postpone(item: OutboxItem, reason: str, *, pause: timedelta = PAUSE_AFTER_TROUBLE) -> None:
    """End an attempt that could not be made: it does not count as failed."""
    changes = {"state": State.WAITING, "reason": reason[:500], "next_at": timezone.now() + pause}
    if _mine(item).update(**changes, holder="", lease_expires_at=None):
        for name, value in changes.items():
            setattr(item, name, value)
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
        # Not the message: it may quote the patient.
        name = type(unforeseen).__name__
        log.error("%s %s: %s: %s", item.kind, item.subject, name, where_raised(unforeseen))  # noqa: TRY400 - as above
        return _settled(item, BROKEN.format(kind=name))
    return True


def _settled(item: OutboxItem, reason: str, *, for_good: bool = False, progressed: bool = False) -> bool:
    """Fail an attempt; where its own app cannot follow, leave the item to a person rather than try for ever."""
    try:
        fail(item, reason, for_good=for_good, progressed=progressed)
    except TROUBLE_OF_OURS:
        raise
    except Exception as unforeseen:  # noqa: BLE001 - whatever it is, the other items go on
        name = type(unforeseen).__name__
        log.error("%s %s: %s: %s", item.kind, item.subject, name, where_raised(unforeseen))  # noqa: TRY400 - as above
        left = {"state": State.FAILED, "reason": BROKEN.format(kind=name), "finished_at": timezone.now()}
        _mine(item).update(**left, holder="", lease_expires_at=None)
    return True


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
    expired = list(leased.filter(lease_expires_at__lt=timezone.now()))
    holders = leased.exclude(holder="").values_list("holder", flat=True).distinct()
    dead = [holder for holder in holders if is_dead(holder)]
    known = {item.pk for item in expired}
    left = [*expired, *(item for item in leased.filter(holder__in=dead) if item.pk not in known)] if dead else expired
    return sum(_settled(item, STOPPED) for item in left)


def prune_done() -> int:
    """Forget work that ended well long ago; return how much that was.

    Not what other processes do: the numbers of its attempts name folders, and are never given again.
    """
    names = [kind.name for kind in kinds_registered() if kind.watch is None]
    old = OutboxItem.objects.filter(state=State.DONE, kind__in=names, finished_at__lt=timezone.now() - KEEP_DONE)
    return old.delete()[0]
