"""The end of a night: critical results in every state, STAT, a claim, and two hand-overs."""

from datetime import timedelta

from django.utils import timezone

from tests.webapp import factories
from webapp.foundation.accounts.models import User
from webapp.imaging.archive.models import Study
from webapp.reading.critical_results.models import CriticalResult
from webapp.reading.critical_results.services import critical_notify, critical_open
from webapp.reading.handover.services import handover_accept, handover_create
from webapp.reading.worklist.models import Priority
from webapp.reading.worklist.services import task_claim, task_triage


def shift() -> None:
    """Make all of it."""
    anna = factories.clinician("anna")
    handover_accept(handover=handover_create(user=anna, note=""), user=factories.clinician("ben"))
    studies = list(Study.objects.filter(patient__isnull=False).select_related("task").order_by("arrived_at")[:4])
    said = ("Midline shift of 9 mm.", "Free air under the diaphragm.", "Fracture of the dens.")
    made = [
        critical(study, sentence, anna, minutes)
        for study, sentence, minutes in zip(studies, said, (70, 50, 90), strict=False)
    ]
    tell(made[1], anna, minutes=45, read_back=False)
    tell(made[2], anna, minutes=84, read_back=False)
    tell(made[2], anna, minutes=80, read_back=True)
    task_triage(task=studies[0].task, priority=Priority.STAT, reason="Fell from a ladder", user=anna)
    task_claim(task=studies[3].task, user=anna)
    handover_create(
        user=anna, note="The CT of the emergency room is slow tonight.\nThe surgeon on call is Dr Weiss, 4711."
    )


def critical(study: Study, sentence: str, user: User, minutes: float) -> CriticalResult:
    """Record a critical result so many minutes ago."""
    made = critical_open(study=study, sentence=sentence, user=user)
    CriticalResult.objects.filter(pk=made.pk).update(opened_at=timezone.now() - timedelta(minutes=minutes))
    return made


def tell(critical: CriticalResult, user: User, *, minutes: float, read_back: bool) -> None:
    """Tell somebody of it so many minutes ago."""
    at = timezone.now() - timedelta(minutes=minutes)
    critical_notify(
        critical=critical,
        recipient="Dr Weiss, surgeon on call",
        how="phone",
        read_back=read_back,
        notified_at=at,
        user=user,
    )
