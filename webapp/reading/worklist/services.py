"""Making, raising, triaging and holding tasks. Each is one conditional UPDATE: of two that try, one succeeds."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from webapp.foundation.accounts.models import Site, User
from webapp.foundation.accounts.permissions import Action, may
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.imaging.archive.models import Study
from webapp.reading.worklist.models import Priority, ReadingTask, ReadingTaskEvent, SiteSettings, rank_of

#: Every so many cases that are handed out, the oldest comes first: routine work cannot starve.
OLDEST_EVERY = 3


class NotAssigneeError(Exception):
    """The task is in another's hands; the message names whose, for the one who asked."""


def task_make(*, study: Study) -> ReadingTask:
    """Return a study's task, made where it has none."""
    rank = rank_of(priority=Priority.ROUTINE, ai_urgency=0)
    task, made = ReadingTask.objects.get_or_create(study=study, defaults={"site_id": study.site_id, "rank": rank})
    if made:
        ReadingTaskEvent.objects.create(task=task, event="arrived")
    return task


@transaction.atomic
def task_raise(*, study: UUID, urgency: int, reason: str) -> bool:
    """Raise a study's task to what a run says of it; False where it stands as high already.

    Nothing lowers it again: a later run that says less may have seen less.
    """
    task = ReadingTask.objects.select_for_update().filter(study=study, ai_urgency__lt=urgency).first()
    if task is None:
        return False
    task.ai_urgency, task.ai_reason = urgency, reason[:300]
    task.rank = rank_of(priority=task.priority, ai_urgency=urgency)
    task.save(update_fields=["ai_urgency", "ai_reason", "rank"])
    ReadingTaskEvent.objects.create(task=task, event="raised", note=task.ai_reason)
    return True


@transaction.atomic
def task_triage(
    *, task: ReadingTask, priority: Priority, reason: str, user: User, request: HttpRequest | None = None
) -> ReadingTask:
    """Give a task another priority, for a reason that is kept.

    Raises
    ------
    ValueError
        If no reason is given.
    """
    if not reason.strip():
        raise ValueError("Give the reason: the next reader will see it.")
    found = ReadingTask.objects.select_for_update().get(pk=task.pk)
    found.priority, found.priority_reason = priority, reason.strip()[:200]
    found.rank = rank_of(priority=priority, ai_urgency=found.ai_urgency)
    found.save(update_fields=["priority", "priority_reason", "rank"])
    task_told(found, "triaged", user, f"{priority.label}: {found.priority_reason}")
    audit_record(
        code=Code.TASK_TRIAGED, user=user, request=request, study=found.study_id, details=f"priority {priority.label}"
    )
    return found


def task_claim(*, task: ReadingTask, user: User) -> ReadingTask:
    """Take a task in hand, or keep it: a claim lasts as long as the site's rules say, and is renewed by asking again.

    Raises
    ------
    NotYoursError
        If somebody else holds it, or it is read already.
    """
    until = _held_until(task)
    with transaction.atomic():
        if _held(task, user).update(claim_expires_at=until):
            return ReadingTask.objects.get(pk=task.pk)
        free = _free(ReadingTask.objects.filter(pk=task.pk), user)
        if free.update(state=ReadingTask.State.CLAIMED, assignee=user, claim_expires_at=until, claim=F("claim") + 1):
            task_told(task, "claimed", user)
            return ReadingTask.objects.get(pk=task.pk)
    raise NotAssigneeError(_whose(ReadingTask.objects.select_related("assignee").get(pk=task.pk)))


def task_release(*, task: ReadingTask, user: User) -> bool:
    """Put a task back; False where the user does not hold it."""
    with transaction.atomic():
        released = _held(task, user).update(state=ReadingTask.State.WAITING, assignee=None, claim_expires_at=None)
        if released:
            task_told(task, "released", user)
    return bool(released)


@transaction.atomic
def task_take_over(*, task: ReadingTask, note: str, user: User, request: HttpRequest | None = None) -> ReadingTask:
    """Take a task out of another's hands; the note is kept, and shown to whom it was taken from.

    Raises
    ------
    ValueError
        If there is no note.
    NotYoursError
        If it is read already.
    """
    if not note.strip():
        raise ValueError("Leave a note for the current assignee.")
    found = ReadingTask.objects.select_for_update(of=("self",)).select_related("assignee").get(pk=task.pk)
    if found.state == ReadingTask.State.DONE:
        raise NotAssigneeError(_whose(found))
    if not _open_to(ReadingTask.objects.filter(pk=found.pk), user).exists():
        raise NotAssigneeError("This study is waiting for another reader.")
    before = found.assignee.get_username() if found.assignee else "nobody"
    found.state, found.assignee, found.claim = ReadingTask.State.CLAIMED, user, found.claim + 1
    found.claim_expires_at = _held_until(found)
    found.save(update_fields=["state", "assignee", "claim", "claim_expires_at"])
    task_told(found, "taken over", user, f"from {before}: {note.strip()}")
    audit_record(code=Code.TASK_TAKEN_OVER, user=user, request=request, study=found.study_id, details=f"from {before}")
    return found


def task_finish(*, task: ReadingTask, user: User) -> bool:
    """Mark a task as read; False where the user does not hold it (any more): nothing is written then."""
    with transaction.atomic():
        finished = _held(task, user).update(state=ReadingTask.State.DONE, done_at=timezone.now(), claim_expires_at=None)
        if finished:
            task.read_by.add(user)
            task_told(task, "read", user)
    return bool(finished)


@transaction.atomic
def task_pass_on(*, task: ReadingTask, user: User, to_third: bool) -> bool:
    """Hand a task on to its second reader, or to the third; False where the user does not hold it."""
    passed = _held(task, user).update(
        state=ReadingTask.State.WAITING, assignee=None, claim_expires_at=None, needs_adjudication=to_third
    )
    if passed:
        task.read_by.add(user)
        task_told(task, "read", user, "a third reader adjudicates" if to_third else "a second reader reads it")
    return bool(passed)


@transaction.atomic
def task_read_by_two(*, task: ReadingTask, user: User, request: HttpRequest | None = None) -> bool:
    """Ask for a second reader; False where it is read already, or a signed report would tell them of the first."""
    asked = _unsigned(ReadingTask.objects.filter(pk=task.pk)).exclude(state=ReadingTask.State.DONE).update(readers=2)
    if asked:
        task_told(task, "two readers", user)
        audit_record(code=Code.TASK_TRIAGED, user=user, request=request, study=task.study_id, details="two readers")
    return bool(asked)


def task_let_two_read(*, study: UUID) -> None:
    """Let two read a study that waits, as its site's rules want."""
    _unsigned(ReadingTask.objects.filter(study=study, state=ReadingTask.State.WAITING)).update(readers=2)


def _unsigned(tasks: QuerySet[ReadingTask]) -> QuerySet[ReadingTask]:
    """Leave out tasks of studies that have a signed report: nobody reads blind to it any more."""
    return tasks.exclude(study__reports__state="signed")


def task_pick(*, user: User, tasks: QuerySet[ReadingTask]) -> ReadingTask | None:
    """Claim the next task for a reader: the first of the list, every third time the oldest; None where none waits.

    Parameters
    ----------
    tasks
        Those that the reader may see.
    """
    site = user.site
    nth = _counted(site) if site else 1
    order = ("waiting_since", "pk") if nth % OLDEST_EVERY == 0 else ("rank", "waiting_since", "pk")
    for task in _free(tasks, user).order_by(*order)[:20]:
        try:
            return task_claim(task=task, user=user)
        except NotAssigneeError:  # somebody was quicker: the next one, then
            continue
    return None


def _held(task: ReadingTask, user: User) -> QuerySet[ReadingTask]:
    """Keep the task if the user has it in hand: it is changed only then."""
    return ReadingTask.objects.filter(pk=task.pk, state=ReadingTask.State.CLAIMED, assignee=user)


def _held_until(task: ReadingTask) -> datetime:
    """Return until when a claim made now lasts, by the site's rules."""
    return timezone.now() + timedelta(minutes=settings_of(task.site_id).claim_minutes)


def _free(tasks: QuerySet[ReadingTask], user: User) -> QuerySet[ReadingTask]:
    """Keep what a reader may claim: what waits, and what somebody held too long without a sign of life."""
    unread = tasks.exclude(state=ReadingTask.State.DONE)
    return _open_to(unread.exclude(state=ReadingTask.State.CLAIMED, claim_expires_at__gt=timezone.now()), user)


def _open_to(tasks: QuerySet[ReadingTask], user: User) -> QuerySet[ReadingTask]:
    """Keep what a reader has not read: nobody reads a study twice, and only who may adjudicate is the third."""
    left = tasks.exclude(pk__in=ReadingTask.read_by.through.objects.filter(user=user).values("readingtask"))
    return left if may(user, Action.ADJUDICATE) else left.filter(needs_adjudication=False)


def settings_of(site: int) -> SiteSettings:
    """Return a site's rules, the defaults where it made none."""
    return SiteSettings.objects.filter(pk=site).first() or SiteSettings(site_id=site)


@transaction.atomic
def update_settings(*, rules: SiteSettings, changed: Iterable[str], user: User, request: HttpRequest) -> None:
    """Keep how a site reads from now on."""
    fields = sorted(changed)
    SiteSettings.objects.update_or_create(pk=rules.pk, defaults={name: getattr(rules, name) for name in fields})
    told = ", ".join(f"{name} {getattr(rules, name)}" for name in fields) or "nothing"
    audit_record(code=Code.RULES_CHANGED, user=user, request=request, details=f"{rules.site}: {told}"[:500])


def _counted(site: Site) -> int:
    with transaction.atomic():
        SiteSettings.objects.get_or_create(site=site)
        SiteSettings.objects.filter(pk=site.pk).update(cases_handed_out=F("cases_handed_out") + 1)
        return SiteSettings.objects.get(pk=site.pk).cases_handed_out


def _whose(task: ReadingTask) -> str:
    if task.state == ReadingTask.State.DONE:
        return "This study has already been read."
    if task.assignee is None:
        return "This study is waiting for another reader."
    return f"{task.assignee.get_username()} is reading this study."


def task_told(task: ReadingTask, event: str, user: User, note: str = "") -> None:
    """Write down what happened in the reading of a study; the open worklists renew themselves by it."""
    ReadingTaskEvent.objects.create(task=task, event=event, by=user, note=note[:300])
