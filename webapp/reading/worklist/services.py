"""Making, raising, triaging and holding tasks. Each is one conditional UPDATE: of two that try, one succeeds."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from webapp.foundation.accounts.models import Site, User
from webapp.foundation.accounts.permissions import Act, may
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.imaging.archive.models import Study
from webapp.reading.worklist.models import Priority, SiteRules, Task, TaskEvent, rank_of

#: Every so many cases that are handed out, the oldest comes first: routine work cannot starve.
OLDEST_EVERY = 3


class NotYoursError(Exception):
    """The task is in another's hands; the message names whose, for the one who asked."""


def task_make(*, study: Study) -> Task:
    """Return a study's task, made where it has none."""
    rank = rank_of(priority=Priority.ROUTINE, ai_urgency=0)
    task, made = Task.objects.get_or_create(study=study, defaults={"site_id": study.site_id, "rank": rank})
    if made:
        TaskEvent.objects.create(task=task, event="arrived")
    return task


@transaction.atomic
def task_raise(*, study: UUID, urgency: int, reason: str) -> bool:
    """Raise a study's task to what a run says of it; False where it stands as high already.

    Nothing lowers it again: a later run that says less may have seen less.
    """
    task = Task.objects.select_for_update().filter(study=study, ai_urgency__lt=urgency).first()
    if task is None:
        return False
    task.ai_urgency, task.ai_reason = urgency, reason[:300]
    task.rank = rank_of(priority=task.priority, ai_urgency=urgency)
    task.save(update_fields=["ai_urgency", "ai_reason", "rank"])
    TaskEvent.objects.create(task=task, event="raised", note=task.ai_reason)
    return True


@transaction.atomic
def task_triage(*, task: Task, priority: Priority, reason: str, user: User, request: HttpRequest | None = None) -> Task:
    """Give a task another priority, for a reason that is kept.

    Raises
    ------
    ValueError
        If no reason is given.
    """
    if not reason.strip():
        raise ValueError("Please say why: the next reader wants to know.")
    found = Task.objects.select_for_update().get(pk=task.pk)
    found.priority, found.priority_reason = priority, reason.strip()[:200]
    found.rank = rank_of(priority=priority, ai_urgency=found.ai_urgency)
    found.save(update_fields=["priority", "priority_reason", "rank"])
    task_told(found, "triaged", user, f"{priority.label}: {found.priority_reason}")
    audit_record(
        code=Code.TASK_TRIAGED, user=user, request=request, study=found.study_id, details=f"priority {priority.label}"
    )
    return found


def task_claim(*, task: Task, user: User) -> Task:
    """Take a task in hand, or keep it: a claim lasts as long as the site's rules say, and is renewed by asking again.

    Raises
    ------
    NotYoursError
        If somebody else holds it, or it is read already.
    """
    until = _held_until(task)
    with transaction.atomic():
        if _held(task, user).update(held_until=until):
            return Task.objects.get(pk=task.pk)
        free = _free(Task.objects.filter(pk=task.pk), user)
        if free.update(state=Task.State.CLAIMED, holder=user, held_until=until, claim=F("claim") + 1):
            task_told(task, "claimed", user)
            return Task.objects.get(pk=task.pk)
    raise NotYoursError(_whose(Task.objects.select_related("holder").get(pk=task.pk)))


def task_release(*, task: Task, user: User) -> bool:
    """Put a task back; False where the user does not hold it."""
    with transaction.atomic():
        released = _held(task, user).update(state=Task.State.WAITING, holder=None, held_until=None)
        if released:
            task_told(task, "released", user)
    return bool(released)


@transaction.atomic
def task_take_over(*, task: Task, note: str, user: User, request: HttpRequest | None = None) -> Task:
    """Take a task out of another's hands; the note is kept, and shown to whom it was taken from.

    Raises
    ------
    ValueError
        If there is no note.
    NotYoursError
        If it is read already.
    """
    if not note.strip():
        raise ValueError("Please leave a note for the one who has it now.")
    found = Task.objects.select_for_update(of=("self",)).select_related("holder").get(pk=task.pk)
    if found.state == Task.State.DONE:
        raise NotYoursError(_whose(found))
    if not _open_to(Task.objects.filter(pk=found.pk), user).exists():
        raise NotYoursError("This study waits for another reader.")
    before = found.holder.get_username() if found.holder else "nobody"
    found.state, found.holder, found.claim = Task.State.CLAIMED, user, found.claim + 1
    found.held_until = _held_until(found)
    found.save(update_fields=["state", "holder", "claim", "held_until"])
    task_told(found, "taken over", user, f"from {before}: {note.strip()}")
    audit_record(code=Code.TASK_TAKEN_OVER, user=user, request=request, study=found.study_id, details=f"from {before}")
    return found


def task_finish(*, task: Task, user: User) -> bool:
    """Mark a task as read; False where the user does not hold it (any more): nothing is written then."""
    with transaction.atomic():
        finished = _held(task, user).update(state=Task.State.DONE, done_at=timezone.now(), held_until=None)
        if finished:
            task.read_by.add(user)
            task_told(task, "read", user)
    return bool(finished)


@transaction.atomic
def task_pass_on(*, task: Task, user: User, to_third: bool) -> bool:
    """Hand a task on to its second reader, or to the third; False where the user does not hold it."""
    passed = _held(task, user).update(state=Task.State.WAITING, holder=None, held_until=None, needs_third=to_third)
    if passed:
        task.read_by.add(user)
        task_told(task, "read", user, "a third reader adjudicates" if to_third else "a second reader reads it")
    return bool(passed)


@transaction.atomic
def task_read_by_two(*, task: Task, user: User, request: HttpRequest | None = None) -> bool:
    """Ask for a second reader; False where it is read already, or a signed report would tell them of the first."""
    asked = _unsigned(Task.objects.filter(pk=task.pk)).exclude(state=Task.State.DONE).update(readers=2)
    if asked:
        task_told(task, "two readers", user)
        audit_record(code=Code.TASK_TRIAGED, user=user, request=request, study=task.study_id, details="two readers")
    return bool(asked)


def task_let_two_read(*, study: UUID) -> None:
    """Let two read a study that waits, as its site's rules want."""
    _unsigned(Task.objects.filter(study=study, state=Task.State.WAITING)).update(readers=2)


def _unsigned(tasks: QuerySet[Task]) -> QuerySet[Task]:
    """Leave out tasks of studies that have a signed report: nobody reads blind to it any more."""
    return tasks.exclude(study__reports__state="signed")


def task_pick(*, user: User, tasks: QuerySet[Task]) -> Task | None:
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
        except NotYoursError:  # somebody was quicker: the next one, then
            continue
    return None


def _held(task: Task, user: User) -> QuerySet[Task]:
    """Keep the task if the user has it in hand: it is changed only then."""
    return Task.objects.filter(pk=task.pk, state=Task.State.CLAIMED, holder=user)


def _held_until(task: Task) -> datetime:
    """Return until when a claim made now lasts, by the site's rules."""
    return timezone.now() + timedelta(minutes=rules_of(task.site_id).claim_minutes)


def _free(tasks: QuerySet[Task], user: User) -> QuerySet[Task]:
    """Keep what a reader may claim: what waits, and what somebody held too long without a sign of life."""
    unread = tasks.exclude(state=Task.State.DONE)
    return _open_to(unread.exclude(state=Task.State.CLAIMED, held_until__gt=timezone.now()), user)


def _open_to(tasks: QuerySet[Task], user: User) -> QuerySet[Task]:
    """Keep what a reader has not read: nobody reads a study twice, and only who may adjudicate is the third."""
    left = tasks.exclude(pk__in=Task.read_by.through.objects.filter(user=user).values("task"))
    return left if may(user, Act.ADJUDICATE) else left.filter(needs_third=False)


def rules_of(site: int) -> SiteRules:
    """Return a site's rules, the defaults where it made none."""
    return SiteRules.objects.filter(pk=site).first() or SiteRules(site_id=site)


@transaction.atomic
def rules_change(*, rules: SiteRules, changed: Iterable[str], user: User, request: HttpRequest) -> None:
    """Keep how a site reads from now on."""
    fields = sorted(changed)
    SiteRules.objects.update_or_create(pk=rules.pk, defaults={name: getattr(rules, name) for name in fields})
    told = ", ".join(f"{name} {getattr(rules, name)}" for name in fields) or "nothing"
    audit_record(code=Code.RULES_CHANGED, user=user, request=request, details=f"{rules.site}: {told}"[:500])


def _counted(site: Site) -> int:
    with transaction.atomic():
        SiteRules.objects.get_or_create(site=site)
        SiteRules.objects.filter(pk=site.pk).update(picks=F("picks") + 1)
        return SiteRules.objects.get(pk=site.pk).picks


def _whose(task: Task) -> str:
    if task.state == Task.State.DONE:
        return "This study is read already."
    if task.holder is None:
        return "This study waits for another reader."
    return f"{task.holder.get_username()} is reading this study."


def task_told(task: Task, event: str, user: User, note: str = "") -> None:
    """Write down what happened in the reading of a study; the open worklists renew themselves by it."""
    TaskEvent.objects.create(task=task, event=event, by=user, note=note[:300])
