"""manage.py deliver: the part of the work behind the pages that sends to destinations."""

from webapp.administration.operations.service import ServiceCommand
from webapp.foundation.outbox.registry import Group


class Command(ServiceCommand):
    """Send what waits until stopped."""

    help = "Send to destinations what waits for it, until stopped (SIGTERM or SIGINT)."
    groups = (Group.DELIVERY,)
