"""A long-running command that does some groups of the work behind the pages."""

import logging
import warnings
from typing import Any

from django.core.management.base import BaseCommand

from webapp.administration.operations.steps import steps_of, urgent_steps
from webapp.foundation.core.daemons import stop_on_signals
from webapp.foundation.outbox.registry import Group, kinds_registered
from webapp.foundation.outbox.worker import Worker

log = logging.getLogger(__name__)


class ServiceCommand(BaseCommand):
    """Works until stopped. Any number of them may run at once, on any number of machines: leases keep them apart."""

    groups: tuple[Group, ...]

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Work: asleep until something happens, and looking by itself every other second."""
        warnings.simplefilter("ignore")  # pydicom's quote values of the object
        kinds = kinds_registered(self.groups)
        log.info("working: %s", ", ".join(self.groups))
        urgent = urgent_steps() if Group.HOUSEKEEPING in self.groups else []
        Worker(kinds, steps_of(self.groups), urgent=urgent, stop=stop_on_signals()).run()
