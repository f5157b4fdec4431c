"""Receivers that create or raise a task when a study arrives or a run ends; in the transaction of that event."""

from typing import Any

from webapp.imaging.archive.models import Study
from webapp.imaging.inference.models import Run, RunEvent
from webapp.reading.worklist.services import settings_of, task_apply_two_reader_rule, task_create, task_raise


def study_arrived(*, instance: Study, created: bool, raw: bool = False, **_: Any) -> None:
    """Make a new study's task."""
    if created and not raw:
        task_create(study=instance)


def run_moved(*, instance: RunEvent, created: bool, raw: bool = False, **_: Any) -> None:
    """Raise the task of a study whose run is over."""
    if not created or raw or instance.to_state not in {Run.State.DONE, Run.State.QUARANTINED}:
        return
    run = Run.objects.select_related("series__study").get(pk=instance.run_id)
    task_raise(study=run.series.study_id, urgency=run.urgency, reason=run.urgency_reason)
    if run.region in settings_of(run.series.study.site_id).two_readers_for:
        task_apply_two_reader_rule(study=run.series.study_id)
