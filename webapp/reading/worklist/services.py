"""Creating, raising, triaging and claiming tasks. Each is one conditional UPDATE: of two that try, one succeeds."""

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
from webapp.foundation.core.refusals import Refusal, RefusalReason
from webapp.imaging.archive.models import Study
from webapp.reading.worklist.models import Priority, ReadingTask, ReadingTaskEvent, SiteSettings, rank_of

#: One of so many cases handed out is the oldest: routine work cannot starve.
OLDEST_EVERY = 3


class NotAssigneeError(Refusal):
    """Somebody else is the assignee; the message names them, for the user who tried."""


def task_create(*, study: Study) -> ReadingTask:
    """Return a study's task; create it where there is none."""
    rank = rank_of(priority=Priority.ROUTINE, ai_urgency=0)
    task, is_new = ReadingTask.objects.get_or_create(study=study, defaults={"site_id": study.site_id, "rank": rank})
    if is_new:
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
    """Give a task another priority, with the reason.

    Raises
    ------
    ValueError
        If no reason is given.
    """
    if not reason.strip():
        raise Refusal(RefusalReason("no-reason", "Give the reason: the next reader will see it."))
    found = ReadingTask.objects.select_for_update().get(pk=task.pk)
    found.priority, found.priority_reason = priority, reason.strip()[:200]
    found.rank = rank_of(priority=priority, ai_urgency=found.ai_urgency)
    found.save(update_fields=["priority", "priority_reason", "rank"])
    task_event_record(found, "triaged", user, f"{priority.label}: {found.priority_reason}")
    audit_record(
        code=Code.TASK_TRIAGED, user=user, request=request, study=found.study_id, details=f"priority {priority.label}"
    )
    return found


def task_claim(*, task: ReadingTask, user: User) -> ReadingTask:
    """Claim a task, or renew the claim; it lasts as long as the site's rules say.

    Raises
    ------
    NotAssigneeError
        If somebody else is the assignee, or it is read already.
    """
    until = _claim_expiry(task)
    with transaction.atomic():
        if _claimed_by(task, user).update(claim_expires_at=until):
            return ReadingTask.objects.get(pk=task.pk)
        free = _claimable(ReadingTask.objects.filter(pk=task.pk), user)
        if free.update(
            state=ReadingTask.State.CLAIMED, assignee=user, claim_expires_at=until, claim_version=F("claim_version") + 1
        ):
            task_event_record(task, "claimed", user)
            return ReadingTask.objects.get(pk=task.pk)
    raise NotAssigneeError(_describe_refusal(ReadingTask.objects.select_related("assignee").get(pk=task.pk)))


def task_release(*, task: ReadingTask, user: User) -> bool:
    """Release a task; False where the user is not its assignee."""
    with transaction.atomic():
        released = _claimed_by(task, user).update(state=ReadingTask.State.WAITING, assignee=None, claim_expires_at=None)
        if released:
            task_event_record(task, "released", user)
    return bool(released)


@transaction.atomic
def task_take_over(*, task: ReadingTask, note: str, user: User, request: HttpRequest | None = None) -> ReadingTask:
    """Take a task over from its assignee, who is shown the note.

    Raises
    ------
    ValueError
        If there is no note.
    NotAssigneeError
        If it is read already.
    """
    if not note.strip():
        raise Refusal(RefusalReason("no-note", "Leave a note for the current assignee."))
    found = ReadingTask.objects.select_for_update(of=("self",)).select_related("assignee").get(pk=task.pk)
    if found.state == ReadingTask.State.DONE:
        raise NotAssigneeError(_describe_refusal(found))
    if not _readable_by(ReadingTask.objects.filter(pk=found.pk), user).exists():
        raise NotAssigneeError(RefusalReason("other-reader", "This study is waiting for another reader."))
    before = found.assignee.get_username() if found.assignee else "nobody"
    found.state, found.assignee, found.claim_version = ReadingTask.State.CLAIMED, user, found.claim_version + 1
    found.claim_expires_at = _claim_expiry(found)
    found.save(update_fields=["state", "assignee", "claim_version", "claim_expires_at"])
    task_event_record(found, "taken over", user, f"from {before}: {note.strip()}")
    audit_record(code=Code.TASK_TAKEN_OVER, user=user, request=request, study=found.study_id, details=f"from {before}")
    return found


def task_finish(*, task: ReadingTask, user: User) -> bool:
    """Mark a task as read; False, and nothing written, where the user is not (any more) its assignee."""
    with transaction.atomic():
        finished = _claimed_by(task, user).update(
            state=ReadingTask.State.DONE, done_at=timezone.now(), claim_expires_at=None
        )
        if finished:
            task.read_by.add(user)
            task_event_record(task, "read", user)
    return bool(finished)


@transaction.atomic
def task_pass_on(*, task: ReadingTask, user: User, to_adjudicator: bool) -> bool:
    """Pass a task on to its second reader or the adjudicator; False where the user is not its assignee."""
    passed = _claimed_by(task, user).update(
        state=ReadingTask.State.WAITING, assignee=None, claim_expires_at=None, needs_adjudication=to_adjudicator
    )
    if passed:
        task.read_by.add(user)
        task_event_record(
            task, "read", user, "a third reader adjudicates" if to_adjudicator else "a second reader reads it"
        )
    return bool(passed)


@transaction.atomic
def task_require_two_readers(*, task: ReadingTask, user: User, request: HttpRequest | None = None) -> bool:
    """Require a second reader; False where it is read already, or a signed report would unblind them."""
    changed = (
        _without_signed_report(ReadingTask.objects.filter(pk=task.pk))
        .exclude(state=ReadingTask.State.DONE)
        .update(required_readers=2)
    )
    if changed:
        task_event_record(task, "two readers", user)
        audit_record(code=Code.TASK_TRIAGED, user=user, request=request, study=task.study_id, details="two readers")
    return bool(changed)


def task_apply_two_reader_rule(*, study: UUID) -> None:
    """Require two readers of a waiting study, by the rules of its site."""
    _without_signed_report(ReadingTask.objects.filter(study=study, state=ReadingTask.State.WAITING)).update(
        required_readers=2
    )


def _without_signed_report(tasks: QuerySet[ReadingTask]) -> QuerySet[ReadingTask]:
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
    nth = _count_case_handed_out(site) if site else 1
    order = ("waiting_since", "pk") if nth % OLDEST_EVERY == 0 else ("rank", "waiting_since", "pk")
    for task in _claimable(tasks, user).order_by(*order)[:20]:
        try:
            return task_claim(task=task, user=user)
        except NotAssigneeError:  # somebody was quicker: the next one, then
            continue
    return None


def _claimed_by(task: ReadingTask, user: User) -> QuerySet[ReadingTask]:
    """Return the task as a query that matches only while the user is its assignee."""
    return ReadingTask.objects.filter(pk=task.pk, state=ReadingTask.State.CLAIMED, assignee=user)


def _claim_expiry(task: ReadingTask) -> datetime:
    """Return when a claim of this moment expires, by the site's rules."""
    return timezone.now() + timedelta(minutes=settings_of(task.site_id).claim_minutes)


def _claimable(tasks: QuerySet[ReadingTask], user: User) -> QuerySet[ReadingTask]:
    """Narrow to tasks that a reader may claim: waiting ones, and ones whose claim expired."""
    unread = tasks.exclude(state=ReadingTask.State.DONE)
    return _readable_by(unread.exclude(state=ReadingTask.State.CLAIMED, claim_expires_at__gt=timezone.now()), user)


def _readable_by(tasks: QuerySet[ReadingTask], user: User) -> QuerySet[ReadingTask]:
    """Narrow to tasks that a user has not read: nobody reads a study twice, and only adjudicators adjudicate."""
    unread_by_user = tasks.exclude(pk__in=ReadingTask.read_by.through.objects.filter(user=user).values("readingtask"))
    return unread_by_user if may(user, Action.ADJUDICATE) else unread_by_user.filter(needs_adjudication=False)


def settings_of(site: int) -> SiteSettings:
    """Return a site's rules, the defaults where it has none of its own."""
    return SiteSettings.objects.filter(pk=site).first() or SiteSettings(site_id=site)


@transaction.atomic
def settings_update(*, rules: SiteSettings, changed: Iterable[str], user: User, request: HttpRequest) -> None:
    """Save the reading rules of a site."""
    fields = sorted(changed)
    SiteSettings.objects.update_or_create(pk=rules.pk, defaults={name: getattr(rules, name) for name in fields})
    summary = ", ".join(f"{name} {getattr(rules, name)}" for name in fields) or "nothing"
    audit_record(code=Code.RULES_CHANGED, user=user, request=request, details=f"{rules.site}: {summary}"[:500])


def _count_case_handed_out(site: Site) -> int:
    with transaction.atomic():
        SiteSettings.objects.get_or_create(site=site)
        SiteSettings.objects.filter(pk=site.pk).update(cases_handed_out=F("cases_handed_out") + 1)
        return SiteSettings.objects.get(pk=site.pk).cases_handed_out


def _describe_refusal(task: ReadingTask) -> RefusalReason:
    if task.state == ReadingTask.State.DONE:
        return RefusalReason("read-already", "This study has already been read.")
    if task.assignee is None:
        return RefusalReason("other-reader", "This study is waiting for another reader.")
    return RefusalReason("other-assignee", f"{task.assignee.get_username()} is reading this study.")


def task_event_record(task: ReadingTask, event: str, user: User, note: str = "") -> None:
    """Record an event of a task; open worklists refresh themselves by it."""
    ReadingTaskEvent.objects.create(task=task, event=event, by=user, note=note[:300])
