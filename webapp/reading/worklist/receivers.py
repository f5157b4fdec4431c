"""What happens elsewhere and makes or raises a task; in the same transaction, so that neither is without the other."""

from typing import Any

from webapp.imaging.archive.models import Study
from webapp.imaging.inference.models import Run, RunEvent
from webapp.reading.worklist.services import settings_of, task_let_two_read, task_make, task_raise


def study_arrived(*, instance: Study, created: bool, raw: bool = False, **_: Any) -> None:
    """Make a new study's task."""
    if created and not raw:
        task_make(study=instance)


def run_moved(*, instance: RunEvent, created: bool, raw: bool = False, **_: Any) -> None:
    """Raise the task of a study whose run is over."""
    if not created or raw or instance.to_state not in {Run.State.DONE, Run.State.QUARANTINED}:
        return
    run = Run.objects.select_related("series__study").get(pk=instance.run_id)
    task_raise(study=run.series.study_id, urgency=run.urgency, reason=run.urgency_reason)
    if run.region in settings_of(run.series.study.site_id).two_readers_for:
        task_let_two_read(study=run.series.study_id)
