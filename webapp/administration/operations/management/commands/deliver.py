"""manage.py deliver: what carries deliveries to their destinations."""

import logging
import threading
import warnings
from typing import Any

from django.core.management.base import BaseCommand

from webapp.exchange.routing.services import deliveries_recover
from webapp.exchange.routing.worker import Carrier
from webapp.foundation.core.daemons import record_heartbeat, run_forever, single_instance, stop_on_signals

log = logging.getLogger(__name__)


class Command(BaseCommand):
    """Send what waits until stopped."""

    help = "Send to destinations what waits for it, until stopped (SIGTERM or SIGINT)."

    def handle(self, *args: Any, **options: Any) -> None:
        """Be the only one, take back what a predecessor left in the middle, then look again and again."""
        warnings.simplefilter("ignore")  # pydicom's quote values of the object
        with single_instance("delivery", otherwise="Another process of this Readroom sends already."):
            deliver(stop=stop_on_signals())


def deliver(*, stop: threading.Event) -> None:
    """Carry until stopped."""
    carrier = Carrier(stop)

    def look() -> None:
        carrier.tick()
        record_heartbeat("delivery")

    log.info("sending")
    run_forever(look, stop=stop, recover=deliveries_recover)
    carrier.close()
