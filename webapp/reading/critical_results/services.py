"""Recording, notifying, withdrawing and escalating critical results."""

from datetime import datetime

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from webapp.foundation.accounts.models import User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.foundation.core.refusals import Refusal, RefusalReason
from webapp.imaging.archive.models import Study
from webapp.imaging.inference.models import Finding
from webapp.reading.critical_results.models import CriticalResult, Escalation, Notification, Withdrawal
from webapp.reading.critical_results.selectors import overdue, unacknowledged
from webapp.reading.critical_results.signals import critical_overdue
from webapp.reading.worklist.services import task_event_record


@transaction.atomic
def critical_open(
    *, study: Study, sentence: str, user: User, finding: Finding | None = None, request: HttpRequest | None = None
) -> CriticalResult:
    """Record a critical result of a study. The same sentence sent twice is one record while it is not read back.

    Raises
    ------
    ValueError
        If the sentence is empty, or the finding is another study's.
    """
    text = sentence.strip()[:300]
    if not text:
        raise Refusal(RefusalReason("no-sentence", "Describe the critical finding in one sentence."))
    if finding is not None and finding.run.series.study_id != study.pk:
        raise Refusal(RefusalReason("no-such-finding", "Choose a finding of this study."))
    Study.objects.select_for_update(of=("self",)).get(pk=study.pk)  # a second click waits here
    same = unacknowledged(CriticalResult.objects.filter(study=study, sentence=text)).first()
    if same is not None:
        return same
    critical = CriticalResult.objects.create(study=study, sentence=text, finding=finding, opened_by=user)
    task_event_record(study.task, "critical", user)
    audit_record(
        code=Code.CRITICAL_OPENED, user=user, request=request, study=study.pk, details=f"critical result {critical.pk}"
    )
    return critical


@transaction.atomic
def critical_notify(
    *,
    critical: CriticalResult,
    recipient: str,
    how: str,
    read_back: bool,
    user: User,
    notified_at: datetime | None = None,
    request: HttpRequest | None = None,
) -> Notification:
    """Record a notification of a critical result; there may be several.

    Raises
    ------
    ValueError
        If recipient or way is missing, or the time lies in the future.
    """
    who, now = recipient.strip()[:120], timezone.now()
    if not who:
        raise Refusal(RefusalReason("nobody-notified", "Enter who was notified: name and role."))
    if how not in Notification.How:
        raise Refusal(RefusalReason("no-channel", "Choose how they were notified."))
    if notified_at is not None and notified_at > now:
        raise Refusal(RefusalReason("time-in-future", "The time must not lie in the future."))
    row = Notification.objects.create(
        critical=critical, recipient=who, how=how, read_back=read_back, notified_at=notified_at or now, by=user
    )
    task_event_record(critical.study.task, "told", user)
    words = "read back" if read_back else "not read back"
    audit_record(
        code=Code.CRITICAL_TOLD,
        user=user,
        request=request,
        study=critical.study_id,
        details=f"critical result {critical.pk}: {how}, {words}",
    )
    return row


@transaction.atomic
def critical_withdraw(
    *, critical: CriticalResult, reason: str, user: User, request: HttpRequest | None = None
) -> Withdrawal:
    """Withdraw a critical result that was recorded by mistake, once; it stays for whoever was notified.

    Raises
    ------
    ValueError
        If no reason is given.
    """
    why = reason.strip()[:300]
    if not why:
        raise Refusal(RefusalReason("no-reason", "Give the reason for the withdrawal."))
    row, is_new = Withdrawal.objects.get_or_create(critical=critical, defaults={"reason": why, "by": user})
    if is_new:
        task_event_record(critical.study.task, "withdrawn", user)
        audit_record(
            code=Code.CRITICAL_WITHDRAWN,
            user=user,
            request=request,
            study=critical.study_id,
            details=f"critical result {critical.pk}",
        )
    return row


def escalate_overdue() -> int:
    """Escalate the critical results that nobody read back in time, each once; return how many were escalated now.

    A failure holds up no other: it is raised only after all were tried.
    """
    escalated, trouble = 0, None
    for critical, over in overdue(CriticalResult.objects.filter(escalation=None)):
        try:
            escalated += _escalate(critical, over.target)
        except Exception as failed:  # noqa: BLE001 - whatever it is, the next one is escalated first
            trouble = failed
    if trouble is not None:
        raise trouble
    return escalated


@transaction.atomic
def _escalate(critical: CriticalResult, target_minutes: int) -> bool:
    if not unacknowledged(CriticalResult.objects.filter(pk=critical.pk)).exists():  # read back meanwhile
        return False
    _, is_new = Escalation.objects.get_or_create(critical=critical, defaults={"target_minutes": target_minutes})
    if is_new:
        audit_record(
            code=Code.CRITICAL_OVERDUE,
            actor="housekeeping",
            study=critical.study_id,
            details=f"critical result {critical.pk}: not read back within {target_minutes} min",
        )
        critical_overdue.send(sender=CriticalResult, critical=critical, target_minutes=target_minutes)
    return is_new
