"""One outbox: claimed once, fenced by attempts, tried again with back-off, recovered from the dead, in lanes."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_django
from django.db import DataError, IntegrityError, OperationalError, transaction
from django.http import HttpRequest
from django.utils import timezone

from webapp.foundation.accounts.models import User
from webapp.foundation.outbox import registry
from webapp.foundation.outbox.leases import Holder, is_dead
from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.registry import Group, Kind, Policy, register
from webapp.foundation.outbox.services import (
    BROKEN,
    OURS,
    STOPPED,
    Impossible,
    Interrupted,
    LeaseLostError,
    RetryLater,
    claim,
    complete,
    enqueue,
    fail,
    prune_done,
    recover,
    renew,
    retry_now,
    work_due,
    work_on,
)
from webapp.foundation.outbox.wake import Alarm
from workers import bell

pytestmark = pytest.mark.usefixtures("data_folder")
State = OutboxItem.State
PATIENT = "Kanarienvogel^Karl"


def retried(_item: OutboxItem, _user: User, _request: HttpRequest) -> None:
    """Nothing else changes."""


@pytest.fixture
def kind() -> Iterator[Callable[..., Kind]]:
    """Register a kind of work of the test's own, and forget it again."""
    made: list[str] = []

    def make(handle: Callable[[OutboxItem], None] = complete, *, name: str = "test", **policy: object) -> Kind:
        new = Kind(name, "Test", Group.HOUSEKEEPING, handle, retried, Policy(**policy))  # type: ignore[arg-type]
        register(new)
        made.append(name)
        return new

    yield make
    for name in made:
        registry._kinds.pop(name, None)


def item() -> OutboxItem:
    """The only item."""
    return OutboxItem.objects.get()


def later(**fields: object) -> None:
    """Let the time pass until everything is due."""
    OutboxItem.objects.update(next_at=timezone.now() - timedelta(seconds=1), **fields)


def raising(trouble: Exception) -> Callable[[OutboxItem], None]:
    """Return work that fails."""

    def handle(_item: OutboxItem) -> None:
        raise trouble

    return handle


@pytest.mark.django_db
def test_what_is_asked_for_twice_is_done_once(kind: Callable[..., Kind]) -> None:
    kind()
    enqueue("test", 7)
    enqueue("test", 7)
    assert [work_due("test"), work_due("test")] == [1, 0]
    assert (item().state, item().attempt, item().subject) == (State.DONE, 1, "7")
    enqueue("test", 7)
    assert work_due("test") == 1
    assert item().attempt == 2


@pytest.mark.django_db
def test_only_the_current_attempt_ends_fails_or_renews(kind: Callable[..., Kind]) -> None:
    policy = kind()
    enqueue("test", 7)
    first = claim(policy)
    assert first is not None
    assert claim(policy) is None
    later(lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert recover(kinds=[policy]) == 1
    later()
    second = claim(policy)
    assert second is not None
    for late in (complete, renew):
        with pytest.raises(LeaseLostError):
            late(first)
    assert not fail(first, "too late")
    work_on(first)
    assert item().state == State.LEASED
    complete(second)
    assert (item().state, item().attempt) == (State.DONE, 2)


@pytest.mark.django_db
def test_a_failure_is_tried_again_later_and_later_and_then_waits_for_a_person(kind: Callable[..., Kind]) -> None:
    kind(raising(RetryLater("It does not answer.")), failures_allowed=4)
    enqueue("test", 7)
    pauses = []
    for _ in range(4):
        later()
        before = timezone.now()
        assert work_due("test") == 1
        pauses.append(round((item().next_at - before).total_seconds()))
        assert work_due("test") == 0
    assert pauses[:3] == [5, 10, 20]
    assert (item().state, item().reason) == (State.FAILED, "Failed 4 times. It does not answer.")
    assert retry_now("test", 7)
    assert (item().state, item().failures, item().attempt) == (State.WAITING, 0, 4)
    assert Policy().pause_after(1000) == Policy().longest_pause


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("trouble", "state", "reason", "failures"),
    [
        (Impossible("There is none."), State.FAILED, "There is none.", 1),
        (RetryLater("Later.", progressed=True), State.WAITING, "Later.", 1),
        (Interrupted(), State.WAITING, STOPPED, 0),
        (OSError(PATIENT), State.WAITING, OURS, 0),
        (OperationalError(PATIENT), State.WAITING, OURS, 0),
        (DataError(PATIENT), State.WAITING, BROKEN.format(kind="DataError"), 1),
        (ValueError(PATIENT), State.WAITING, BROKEN.format(kind="ValueError"), 1),
    ],
)
def test_how_an_attempt_ends(
    trouble: Exception, state: str, reason: str, failures: int, kind: Callable[..., Kind],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    kind(raising(trouble))
    enqueue("test", 7)
    assert work_due("test") == 1
    assert (item().state, item().reason, item().failures) == (state, reason, failures)
    assert PATIENT not in caplog.text


@pytest.mark.django_db
def test_work_whose_own_row_cannot_follow_is_left_to_a_person(
    kind: Callable[..., Kind], caplog: pytest.LogCaptureFixture
) -> None:
    register(replace(kind(raising(RetryLater("Later."))), put_off=raising(KeyError(PATIENT))))
    enqueue("test", 7)
    assert work_due("test") == 1
    assert (item().state, item().reason) == (State.FAILED, BROKEN.format(kind="KeyError"))
    assert PATIENT not in caplog.text


@pytest.mark.django_db
def test_in_a_lane_one_is_done_at_a_time_and_in_order_where_that_matters(kind: Callable[..., Kind]) -> None:
    loose, strict = kind(at_once=9), kind(name="strict", at_once=9, in_order=True)
    for name in ("test", "strict"):
        for subject, lane in ((1, "a"), (2, "a"), (3, "b")):
            enqueue(name, subject, lane=lane)
    OutboxItem.objects.filter(subject="1").update(next_at=timezone.now() + timedelta(minutes=1))
    assert [taken and taken.subject for taken in (claim(loose), claim(loose), claim(loose))] == ["2", "3", None]
    assert [taken and taken.subject for taken in (claim(strict), claim(strict))] == ["3", None]
    later()
    first = claim(strict)
    assert first is not None
    assert fail(first, "broken", for_good=True)
    after = claim(strict)
    assert after is not None
    assert after.subject == "2", "one that waits for a person holds up nobody"


@pytest.mark.django_db
def test_the_table_itself_refuses_two_leases_in_one_lane(kind: Callable[..., Kind]) -> None:
    kind()
    for subject in (1, 2):
        enqueue("test", subject, lane="a")
    with pytest.raises(IntegrityError), transaction.atomic():
        OutboxItem.objects.update(state=State.LEASED)


@pytest.mark.django_db
def test_no_more_than_may_be_under_way_begins(kind: Callable[..., Kind]) -> None:
    policy = kind(at_once=2)
    for subject in range(3):
        enqueue("test", subject)
    assert [claim(policy) is not None for _ in range(3)] == [True, True, False]


@pytest.mark.django_db
def test_what_a_dead_process_held_is_taken_back_at_once_and_what_a_living_one_holds_is_not(
    kind: Callable[..., Kind],
) -> None:
    policy, alive, dead = kind(at_once=2), Holder(), Holder()
    for subject, holder in ((1, alive), (2, dead)):
        enqueue("test", subject)
        assert claim(policy, holder=holder.name) is not None
    dead._lock.close()
    assert (is_dead(alive.name), is_dead(dead.name)) == (False, True)
    assert recover(is_dead=is_dead, kinds=[policy]) == 1
    rows = OutboxItem.objects.order_by("pk").values_list("state", "failures", "reason")
    assert list(rows) == [(State.LEASED, 0, ""), (State.WAITING, 1, STOPPED)]
    alive.close()


@pytest.mark.django_db
def test_what_was_done_long_ago_is_forgotten_and_what_failed_is_not(kind: Callable[..., Kind]) -> None:
    kind()
    for subject in (1, 2, 3):
        enqueue("test", subject)
    work_due("test")
    OutboxItem.objects.filter(subject="2").update(state=State.FAILED)
    OutboxItem.objects.exclude(subject="3").update(finished_at=timezone.now() - timedelta(days=40))
    assert prune_done() == 1
    assert list(OutboxItem.objects.order_by("pk").values_list("subject", flat=True)) == ["2", "3"]


@pytest.fixture
def committed(
    django_db_setup: None,  # noqa: ARG001 - asked for to have the tables
    django_db_blocker: pytest_django.DjangoDbBlocker,
) -> Iterator[None]:
    """Let a test commit. Nothing is flushed afterwards: the audit trail refuses to be emptied."""
    with django_db_blocker.unblock():
        yield
        OutboxItem.objects.all().delete()


@pytest.mark.postgresql
@pytest.mark.both_databases
@pytest.mark.usefixtures("committed")
def test_whoever_sleeps_is_woken_by_what_is_asked_for_once_it_is_committed(kind: Callable[..., Kind]) -> None:
    kind()
    alarm = Alarm()
    alarm.sleep(0)  # from here on PostgreSQL, where it is one, tells it too
    with transaction.atomic():
        enqueue("test", 7)
        assert not alarm.sleep(0.2)
    began = time.monotonic()
    assert alarm.sleep(10)
    assert time.monotonic() - began < 5
    assert not alarm.sleep(0.05)
    alarm.close()


def test_a_bell_is_heard_by_all_who_listen_and_the_dead_are_forgotten(data_folder: Path) -> None:
    first, second = (bell.Listener("test") for _ in range(2))
    folder = data_folder / "bells" / "test"
    os.mkfifo(folder / "dead")
    bell.ring("test")
    bell.ring("test")
    assert [one.wait(5) for one in (first, second)] == [True, True]
    assert [one.wait(0.05) for one in (first, second)] == [False, False], "two rings are one"
    assert not (folder / "dead").exists()
    for one in (first, second):
        one.close()
    assert list(folder.iterdir()) == []
