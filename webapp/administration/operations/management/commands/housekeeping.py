"""manage.py housekeeping: the web side's own worker."""

import logging
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import OperationalError, close_old_connections

from webapp.foundation.core.daemons import record_heartbeat, stop_on_signals
from webapp.imaging.archive.object_store import sweep_objects
from webapp.imaging.archive.table_statistics import refresh_statistics
from webapp.imaging.dicom_objects.services import make_results
from webapp.imaging.inference import services
from webapp.reading.critical_results.services import escalate_overdue
from webapp.reading.followup.registration_jobs import advance_registrations
from webapp.reading.reporting.storage import store_signed_reports
from workers import storage

log = logging.getLogger(__name__)

#: Seconds between looks while there is nothing to do; a look at an idle house is four short queries.
PAUSE = 0.1
PAUSE_AFTER_TROUBLE = 2.0
SWEEP_SECONDS = 3600
#: Seconds between looks for critical results whose time is over; targets are minutes.
ESCALATE_SECONDS = 10.0
#: Seconds between signs of life, for the health check.
SHOW_SECONDS = 1.0
UNFINISHED_SECONDS = 3600


class Command(BaseCommand):
    """Make runs for what arrived, ring for workers, collect answers and file them, sweep up after the dead."""

    help = "Dispatch, collect and sweep until stopped (SIGTERM or SIGINT)."

    def handle(self, *args: Any, **options: Any) -> None:
        """Look, act, pause; a database or disk in trouble is waited for, not died of."""
        stop = stop_on_signals()
        swept = shown = escalated = 0.0
        while not stop.is_set():
            try:
                did = tick()
                if time.monotonic() - escalated > ESCALATE_SECONDS:
                    did += escalate_overdue()
                    escalated = time.monotonic()
                if time.monotonic() - swept > SWEEP_SECONDS:
                    storage.sweep_unfinished(older_than_seconds=UNFINISHED_SECONDS)
                    sweep_objects(older_than_seconds=UNFINISHED_SECONDS)
                    refresh_statistics()
                    swept = time.monotonic()
            except (OperationalError, OSError) as trouble:
                log.warning("waiting: %s", type(trouble).__name__)
                close_old_connections()
                stop.wait(PAUSE_AFTER_TROUBLE)
                continue
            if time.monotonic() - shown > SHOW_SECONDS:
                record_heartbeat("housekeeping")
                shown = time.monotonic()
            if not did:
                stop.wait(PAUSE)


def tick() -> int:
    """Do everything that is due now; return how much that was."""
    made = [
        services.run_create(series=series)
        for series in services.series_needing_run(quiet_seconds=settings.SERIES_QUIET_SECONDS)
    ]
    # Objects of one run at most: whoever waits for an answer comes first again.
    did = (
        services.watch_runs()
        + services.dispatch_runs()
        + advance_registrations()
        + make_results()
        + store_signed_reports()
    )
    return len(made) + did
