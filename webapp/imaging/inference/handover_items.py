"""Hand-over items about the AI: analyses that failed, and analyses that have waited too long."""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Exists, OuterRef
from django.utils import timezone

from webapp.foundation.core.handover_items import HandoverItem, clock
from webapp.imaging.inference.models import Run

#: An analysis takes seconds; one that has waited this long is stuck.
LONG = timedelta(minutes=15)
OPEN = (Run.State.QUEUED, Run.State.DISPATCHED, Run.State.RUNNING)


def outage_items(site: int) -> Iterable[HandoverItem]:
    """Yield the analyses of a site's unread studies that failed or have waited too long."""
    runs = Run.objects.filter(series__study__site=site).exclude(series__study__task__state="done")
    late = runs.filter(state__in=OPEN, created_at__lt=timezone.now() - LONG).order_by("created_at")
    first = late.first()
    if first is not None:
        yield HandoverItem("waiting", None, f"Analyses wait since {clock(first.created_at)}: {late.count()} now.")
    newer = Run.objects.filter(series=OuterRef("series"), created_at__gt=OuterRef("created_at"))
    failed = runs.filter(~Exists(newer), state=Run.State.QUARANTINED).select_related("series")
    for run in failed.order_by("finished_at", "pk"):
        when = f" {clock(run.finished_at)}" if run.finished_at else ""
        yield HandoverItem(
            str(run.pk), run.series.study_id, f"The analysis of a series failed{when}: read it without the AI."
        )
