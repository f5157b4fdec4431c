"""manage.py share: the part of the work behind the pages that leaves: exports, sets of campaigns, notices."""

from webapp.administration.operations.service import ServiceCommand
from webapp.foundation.outbox.registry import Group


class Command(ServiceCommand):
    """Make exports and sets of campaigns, send notices."""

    help = "Make exports and sets of campaigns, and send notices (webhooks), until stopped (SIGTERM or SIGINT)."
    groups = (Group.SHARING,)
