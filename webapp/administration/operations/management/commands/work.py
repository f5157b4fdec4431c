"""manage.py work: everything that is done behind the pages, in one process."""

from webapp.administration.operations.service import ServiceCommand
from webapp.foundation.outbox.registry import Group


class Command(ServiceCommand):
    """Do what housekeeping, deliver and share do."""

    help = "Do all that is done behind the pages, until stopped (SIGTERM or SIGINT)."
    groups = tuple(Group)
