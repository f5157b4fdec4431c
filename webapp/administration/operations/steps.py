"""What the services do again and again, beside the work of the outbox."""

from collections.abc import Iterable
from functools import partial

from django.conf import settings

from webapp.exchange.exports.jobs import expire_exports
from webapp.foundation.core.daemons import record_heartbeat
from webapp.foundation.core.steps import Step
from webapp.foundation.outbox.registry import Group
from webapp.foundation.outbox.services import prune_done
from webapp.imaging.archive.object_store import sweep_objects
from webapp.imaging.archive.table_statistics import refresh_statistics
from webapp.imaging.inference import services
from webapp.reading.critical_results.services import escalate_overdue
from workers import api, storage

#: What is wrong with the folder of weights: it stops nothing but analysis.
CASCADE_ERRORS = (api.WeightsError, api.PathwayError)

SWEEP_SECONDS = 3600
#: Seconds between looks for critical results whose time is over; targets are minutes.
ESCALATE_SECONDS = 10.0
#: Seconds between signs of life, for the health check.
SHOW_SECONDS = 5.0
UNFINISHED_SECONDS = 3600
EXPIRE_SECONDS = 60.0


def urgent_steps() -> list[Step]:
    """Return what can wait for nothing else."""
    return [Step("escalation of critical results", escalate_overdue, every=ESCALATE_SECONDS)]


def housekeeping_steps() -> list[Step]:
    """Return what housekeeping does beside the work of the outbox."""
    return [
        Step("runs for what arrived", _make_runs, sooner=_until_quiet, public_errors=CASCADE_ERRORS),
        Step("sweep of unfinished files", _sweep_unfinished, every=SWEEP_SECONDS),
        Step("sweep of stored objects", _sweep_objects, every=SWEEP_SECONDS),
        Step("statistics of tables", _refresh_statistics, every=SWEEP_SECONDS),
        Step("work that ended long ago", prune_done, every=SWEEP_SECONDS),
    ]


def steps_of(groups: Iterable[Group]) -> list[Step]:
    """Return the steps of some services, each with its sign of life."""
    wanted = set(groups)
    steps = housekeeping_steps() if Group.HOUSEKEEPING in wanted else []
    if Group.SHARING in wanted:
        steps.append(Step("exports whose time is over", expire_exports, every=EXPIRE_SECONDS))
    signs = [Step(f"sign of life: {group}", partial(_show, group, steps), every=SHOW_SECONDS) for group in wanted]
    return [*steps, *signs]


def _make_runs() -> int:
    due = services.series_needing_run(quiet_seconds=settings.SERIES_QUIET_SECONDS)
    return len([services.run_create(series=series) for series in due])


def _until_quiet() -> float | None:
    return services.seconds_until_quiet(quiet_seconds=settings.SERIES_QUIET_SECONDS)


def _show(group: Group, steps: Iterable[Step]) -> int:
    record_heartbeat(group, [f"{step.name}: {step.trouble}" for step in steps if step.failures])
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
