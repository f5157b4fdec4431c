"""Writes notices about events in other apps, in the same transaction, so that neither exists without the other."""

from collections.abc import Sequence
from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from webapp.exchange.webhooks.models import Happening
from webapp.exchange.webhooks.services import notices_write
from webapp.imaging.archive.models import Instance, Study
from webapp.imaging.dicom_objects.signals import results_stored
from webapp.imaging.inference.models import Run, RunEvent
from webapp.imaging.inference.signals import study_received
from webapp.reading.critical_results.models import CriticalResult
from webapp.reading.critical_results.signals import critical_overdue
from webapp.reading.reporting.models import Report
from webapp.reading.reporting.signals import report_signed


@receiver(study_received)
def received(*, study: Study, **_: Any) -> None:
    """Notify that a study is complete."""
    notices_write(happening=Happening.STUDY_RECEIVED, study=study)


@receiver(post_save, sender=RunEvent)
def run_over(*, instance: RunEvent, created: bool, **_: Any) -> None:
    """Notify that a run has finished or failed."""
    if created and instance.to_state in {Run.State.DONE, Run.State.QUARANTINED}:
        run = Run.objects.select_related("series__study").get(pk=instance.run_id)
        notices_write(
            happening=Happening.RUN_FINISHED,
            study=run.series.study,
            series_instance_uid=run.series.series_instance_uid,
            run=run.pk,
        )


@receiver(results_stored)
def filed(*, study: Study, instances: Sequence[Instance], **_: Any) -> None:
    """Notify that results were stored, and in which series."""
    series = sorted({one.series.series_instance_uid for one in instances})
    notices_write(happening=Happening.RESULT_FILED, study=study, series_instance_uids=" ".join(series))


@receiver(report_signed)
def signed(*, report: Report, **_: Any) -> None:
    """Notify that a report was signed, with its number and kind (preliminary, final, addendum)."""
    notices_write(
        happening=Happening.REPORT_SIGNED,
        study=report.study,
        report=report.pk,
        number=report.number,
        kind=report.kind,
    )


@receiver(critical_overdue)
def escalated(*, critical: CriticalResult, target_minutes: int, **_: Any) -> None:
    """Notify that a critical result was not read back in time; the notice does not say what the result is."""
    notices_write(
        happening=Happening.CRITICAL_OVERDUE,
        study=critical.study,
        critical=critical.pk,
        recorded_at=critical.opened_at.isoformat(),
        target_minutes=target_minutes,
    )
