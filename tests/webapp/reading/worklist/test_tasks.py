"""What waits to be read: its order, who has it in hand, and that the AI can only raise it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.webapp import factories
from tests.webapp.refusals import refused
from webapp.foundation.accounts.models import User
from webapp.foundation.audit.models import AuditEvent
from webapp.imaging.inference.models import Run
from webapp.reading.worklist.models import Priority, ReadingTask, SiteSettings
from webapp.reading.worklist.selectors import tasks_list, tasks_visible, waiting_of
from webapp.reading.worklist.services import (
    NotAssigneeError,
    task_claim,
    task_finish,
    task_pick,
    task_release,
    task_take_over,
    task_triage,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]


def task_of(name: str, *, minutes: float = 0, **fields: object) -> ReadingTask:
    """Make a study that arrived so long ago, and return its task with these fields."""
    study = factories.study(description=name)
    since = timezone.now() - timedelta(minutes=minutes)
    ReadingTask.objects.filter(study=study).update(waiting_since=since, **fields)
    return ReadingTask.objects.get(study=study)


def finish_run(task: ReadingTask, urgency: int, reason: str = "Suspected") -> None:
    """Let a run over a series of the task's study end with an urgency."""
    series = factories.series_of(task.study)
    run = factories.run_of(series, state=Run.State.QUEUED, urgency=urgency, urgency_reason=reason)
    run.events.create(event="finish", from_state="rung", to_state="done", attempt=1)


def order(user: User) -> list[str]:
    return [task.study.description for task in tasks_list(user)]


@pytest.fixture
def reader() -> User:
    return factories.clinician("reader")


@pytest.fixture
def colleague() -> User:
    return factories.clinician("colleague")


def test_every_study_has_a_task_from_its_first_moment() -> None:
    study = factories.study()
    assert ReadingTask.objects.get(study=study).state == ReadingTask.State.WAITING
    assert list(study.task.events.values_list("event", flat=True)) == ["arrived"]


def test_stat_comes_first_then_what_the_ai_calls_critical_then_age(reader: User) -> None:
    task_of("old", minutes=300)
    task_of("new", minutes=1)
    finish_run(task_of("soon by AI", minutes=2), urgency=2)
    finish_run(task_of("critical by AI", minutes=3), urgency=3)
    task_triage(task=task_of("urgent", minutes=4), priority=Priority.URGENT, reason="fever", user=reader)
    task_triage(task=task_of("stat", minutes=0), priority=Priority.STAT, reason="trauma", user=reader)
    assert order(reader) == ["stat", "critical by AI", "urgent", "soon by AI", "old", "new"]


def test_the_ai_raises_and_never_lowers_hides_or_closes(reader: User) -> None:
    task = task_of("raised")
    finish_run(task, urgency=3, reason="Suspected bleed, 91%")
    for urgency in (0, 1, 2):
        finish_run(task, urgency=urgency, reason="less")
    task.refresh_from_db()
    assert (task.ai_urgency, task.ai_reason, task.state) == (3, "Suspected bleed, 91%", ReadingTask.State.WAITING)
    assert task.priority == Priority.ROUTINE
    assert order(reader) == ["raised"]


def test_a_triage_needs_a_reason_and_is_audited(reader: User) -> None:
    task = task_of("fall")
    with refused("no-reason"):
        task_triage(task=task, priority=Priority.STAT, reason="  ", user=reader)
    task_triage(task=task, priority=Priority.STAT, reason="trauma room", user=reader)
    task.refresh_from_db()
    assert (task.priority, task.priority_reason) == (Priority.STAT, "trauma room")
    assert task.events.get(event="triaged").note == "STAT: trauma room"
    assert AuditEvent.objects.filter(code="110100 case triaged", study=task.study_id, actor="reader").count() == 1


def test_what_one_holds_no_other_can_claim_or_release_or_finish(reader: User, colleague: User) -> None:
    task = task_claim(task=task_of("mine"), user=reader)
    assert task.is_claimed
    with refused("other-assignee", NotAssigneeError):
        task_claim(task=task, user=colleague)
    assert not task_release(task=task, user=colleague)
    assert not task_finish(task=task, user=colleague)
    assert task_finish(task=task, user=reader)
    with refused("read-already", NotAssigneeError):
        task_claim(task=task, user=colleague)


def test_a_claim_is_renewed_by_its_holder_and_ends_without_a_sign_of_life(reader: User, colleague: User) -> None:
    task = task_claim(task=task_of("held"), user=reader)
    ReadingTask.objects.filter(pk=task.pk).update(claim_expires_at=timezone.now() + timedelta(seconds=1))
    assert task_claim(task=task, user=reader).claim_version == task.claim_version  # renewed: the same claim
    ReadingTask.objects.filter(pk=task.pk).update(claim_expires_at=timezone.now() - timedelta(seconds=1))
    taken = task_claim(task=task, user=colleague)
    assert (taken.assignee, taken.claim_version) == (colleague, task.claim_version + 1)
    assert not task_finish(task=task, user=reader)


def test_a_release_puts_it_back(reader: User, colleague: User) -> None:
    task = task_claim(task=task_of("put back"), user=reader)
    assert task_release(task=task, user=reader)
    assert task_claim(task=task, user=colleague).assignee == colleague


def test_taking_over_needs_a_note_that_is_kept(reader: User, colleague: User) -> None:
    task = task_claim(task=task_of("needed now"), user=reader)
    with refused("no-note"):
        task_take_over(task=task, note="", user=colleague)
    taken = task_take_over(task=task, note="The surgeon waits.", user=colleague)
    assert taken.assignee == colleague
    assert task.events.get(event="taken over").note == "from reader: The surgeon waits."
    assert AuditEvent.objects.filter(code="110100 case taken over", actor="colleague").count() == 1


def test_every_third_pick_is_the_oldest(reader: User) -> None:
    for number in range(6):
        finish_run(task_of(f"critical {number}", minutes=number), urgency=3)
    task_of("forgotten", minutes=9000)
    picked = [task_pick(user=reader, tasks=tasks_visible(reader)) for _ in range(3)]
    assert [task.study.description for task in picked if task] == ["critical 5", "critical 4", "forgotten"]


def test_nothing_is_picked_where_nothing_waits(reader: User, colleague: User) -> None:
    task_claim(task=task_of("held"), user=colleague)
    assert task_pick(user=reader, tasks=tasks_visible(reader)) is None


def test_another_sites_tasks_are_not_seen_or_picked(reader: User) -> None:
    elsewhere = factories.study(at=factories.site("Elsewhere"))
    assert ReadingTask.objects.filter(study=elsewhere).exists()
    assert not tasks_visible(reader).exists()
    assert list(tasks_visible(factories.admin())) == [elsewhere.task]


@pytest.mark.parametrize(("minutes", "level"), [(10, "in time"), (23, "soon due"), (31, "overdue")])
def test_waiting_is_told_beside_the_sites_target(minutes: float, level: str) -> None:
    task = task_of("stat", minutes=minutes, priority=Priority.STAT)
    waiting = waiting_of(task, SiteSettings(site=task.site), at=timezone.now())
    assert (waiting.minutes, waiting.target, waiting.level) == (int(minutes), 30, level)
