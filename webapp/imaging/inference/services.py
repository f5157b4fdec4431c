"""Creating runs for series that have arrived, and retrying quarantined runs."""

import hashlib
from datetime import timedelta

from django.db import transaction
from django.db.models import Min, Q
from django.http import HttpRequest
from django.utils import timezone

from webapp.foundation.accounts.models import User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.foundation.outbox.services import enqueue
from webapp.imaging.archive.models import Series
from webapp.imaging.inference.models import Run
from webapp.imaging.inference.series_status import NEEDS_ANALYSIS
from webapp.imaging.inference.signals import study_received
from webapp.imaging.inference.state_machine import run_move
from workers import api

#: The kind of work in the outbox.
ANALYSIS = "analysis"


def series_needing_run(*, quiet_seconds: float) -> list[Series]:
    """Return the series that need a run: pictures at once, DICOM once no image has arrived for `quiet_seconds`."""
    quiet = timezone.now() - timedelta(seconds=quiet_seconds)
    whole = Q(is_picture=True) | Q(last_arrival_at__lte=quiet)
    # Series that Readroom created are never analysed.
    return list(Series.objects.filter(NEEDS_ANALYSIS & whole, result=None).order_by("last_arrival_at")[:200])


def run_create(*, series: Series) -> Run | None:
    """Create the run that a series needs, once per input and cascade; return None if the series has no image.

    Images that arrive late lead to a new run beside the old one, whose results stay.
    """
    with transaction.atomic():
        digests = sorted(series.instances.filter(has_pixels=True).values_list("sha256", flat=True))
        asked = Series.objects.filter(pk=series.pk).update(analysis_requested_at=series.last_arrival_at)
        if asked and not Series.objects.filter(NEEDS_ANALYSIS, study=series.study_id).exists():
            study_received.send(sender=Series, study=series.study)
        if not digests:
            return None
        run, is_new = Run.objects.get_or_create(
            series=series,
            cascade_digest=api.cascade_digest(),
            input_digest=hashlib.sha256("".join(digests).encode()).hexdigest(),
        )
        if is_new:
            enqueue(ANALYSIS, run.pk)
    return run


def seconds_until_quiet(*, quiet_seconds: float) -> float | None:
    """Return the seconds until the next series has been quiet for long enough; None if no series needs a run."""
    oldest = Series.objects.filter(NEEDS_ANALYSIS, result=None).aggregate(at=Min("last_arrival_at"))["at"]
    return None if oldest is None else quiet_seconds - (timezone.now() - oldest).total_seconds()


@transaction.atomic
def run_retry(*, run: Run, user: User, request: HttpRequest) -> bool:
    """Retry a quarantined run with three more attempts; return False if it is not, or no longer, quarantined."""
    retried = run_wait_again(run=run, user=user, request=request)
    if retried:
        enqueue(ANALYSIS, run.pk)
    return retried


def run_wait_again(*, run: Run, user: User, request: HttpRequest) -> bool:
    """Return a quarantined run to the queued state and audit who requested it; the caller updates the outbox."""
    retried = run_move(
        run=run.pk,
        event="retry",
        from_state=Run.State.QUARANTINED,
        attempt=run.attempt,
        detail=f"asked for by {user.get_username()}",
        changes={"failures": 0, "outcome": "", "reason": "", "urgency": 0, "urgency_reason": "", "finished_at": None},
    )
    if retried:
        audit_record(
            code=Code.RUN_RETRIED, user=user, request=request, study=run.series.study_id, details=f"run {run.pk}"
        )
    return retried
