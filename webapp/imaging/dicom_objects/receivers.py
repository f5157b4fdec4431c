"""Requests the DICOM objects of a finished run, in the transaction that stores its result."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.dispatch import receiver

from webapp.imaging.dicom_objects.models import ResultSet
from webapp.imaging.dicom_objects.services import request_results
from webapp.imaging.inference.models import Run
from webapp.imaging.inference.signals import run_finished

NO_HEADER = "The picture came without a DICOM header, so there is no DICOM study to store objects in."


@receiver(run_finished)
def on_run_finished(*, run: UUID, **_: Any) -> None:
    """Request the run's objects, unless the installation builds none; a picture has no study to store them in."""
    if not settings.RESULTS:
        return
    answered = Run.objects.select_related("series").get(pk=run)
    if answered.series.is_picture:
        ResultSet.objects.get_or_create(run=answered, defaults={"state": ResultSet.State.NONE, "reason": NO_HEADER})
    else:
        request_results(run=answered)
