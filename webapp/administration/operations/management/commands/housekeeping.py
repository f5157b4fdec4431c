"""manage.py housekeeping: the web side's own worker."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from webapp.foundation.core.daemons import record_heartbeat, stop_on_signals
from webapp.foundation.core.steps import Step, look_once
from webapp.imaging.archive.object_store import sweep_objects
from webapp.imaging.archive.table_statistics import refresh_statistics
from webapp.imaging.dicom_objects.services import make_results
from webapp.imaging.inference import services
from webapp.reading.critical_results.services import escalate_overdue
from webapp.reading.followup.registration_jobs import advance_registrations
from webapp.reading.reporting.storage import store_signed_reports
from workers import storage

#: Seconds between looks while there is nothing to do; a look at an idle house is four short queries.
PAUSE = 0.1
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
        """Look, act, pause; a step in trouble is tried again later and holds up no other."""
        stop = stop_on_signals()
        steps = housekeeping_steps()
        while not stop.is_set():
            if not look_once(steps):
                stop.wait(PAUSE)


def housekeeping_steps() -> list[Step]:
    """Return what housekeeping does, the most urgent first.

    Whoever waits for an answer comes before objects, of which each look makes those of one run at most.
    """
    return [
        Step("escalation of critical results", escalate_overdue, every=ESCALATE_SECONDS),
        Step("sign of life", _show, every=SHOW_SECONDS),
        Step("runs for what arrived", _make_runs),
        Step("answers of workers", services.watch_runs),
        Step("dispatch of runs", services.dispatch_runs),
        Step("registrations", advance_registrations),
        Step("objects of runs", make_results),
        Step("objects of signed reports", store_signed_reports),
        Step("sweep of unfinished files", _sweep_unfinished, every=SWEEP_SECONDS),
        Step("sweep of stored objects", _sweep_objects, every=SWEEP_SECONDS),
        Step("statistics of tables", _refresh_statistics, every=SWEEP_SECONDS),
    ]


def _make_runs() -> int:
    due = services.series_needing_run(quiet_seconds=settings.SERIES_QUIET_SECONDS)
    return len([services.run_create(series=series) for series in due])


def _show() -> int:
    record_heartbeat("housekeeping")
    return 0


def _sweep_unfinished() -> int:
    storage.sweep_unfinished(older_than_seconds=UNFINISHED_SECONDS)
    return 0


def _sweep_objects() -> int:
    sweep_objects(older_than_seconds=UNFINISHED_SECONDS)
    return 0


def _refresh_statistics() -> int:
    refresh_statistics()
    return 0
