"""manage.py housekeeping: runs, their objects, signed reports, escalation, sweeping."""

from webapp.administration.operations.service import ServiceCommand
from webapp.foundation.outbox.registry import Group


class Command(ServiceCommand):
    """Make runs for what arrived, ring for workers, collect answers and file them, sweep up after the dead."""

    help = "Dispatch, collect and sweep until stopped (SIGTERM or SIGINT)."
    groups = (Group.HOUSEKEEPING,)
