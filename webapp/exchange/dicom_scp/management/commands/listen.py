"""manage.py listen: run the DICOM listener."""

import logging
import threading
import warnings
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from webapp.exchange.dicom_scp.accounts import receiving_site_get
from webapp.exchange.dicom_scp.ae_allowlist import check_ae_title, parse_callers
from webapp.exchange.dicom_scp.listener import Listener
from webapp.exchange.dicom_scp.verification import echo_answered
from webapp.foundation.core.daemons import stop_on_signals

log = logging.getLogger(__name__)
#: The local address at which a listener that is bound to all interfaces can be reached.
HERE = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}  # noqa: S104 - replaced here, not bound


class Command(BaseCommand):
    """Answer C-ECHO and C-STORE requests until stopped."""

    help = "Listen for DICOM (C-ECHO, C-STORE) until stopped (SIGTERM or SIGINT)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the option for the health check."""
        parser.add_argument("--check", action="store_true", help="send a C-ECHO to the listener here; 0 if it answers")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the listener, or its health check."""
        if not settings.DICOM_PORT:
            raise CommandError("READROOM_DICOM_PORT names no port to listen on.")
        warnings.simplefilter("ignore")  # pydicom's warnings quote values of the data set, which may identify a patient
        try:
            title = check_ae_title(settings.DICOM_TITLE, variable="READROOM_DICOM_TITLE")
            if options["check"]:
                self._check(title)
            else:
                self._listen(title)
        except ImproperlyConfigured as wrong:
            raise CommandError(str(wrong)) from None

    def _check(self, title: str) -> None:
        address = HERE.get(settings.DICOM_ADDRESS, settings.DICOM_ADDRESS)
        if not echo_answered(title=title, address=address, port=settings.DICOM_PORT):
            raise CommandError(f"Nobody answers a C-ECHO as {title} on port {settings.DICOM_PORT}.")

    def _listen(self, title: str) -> None:
        callers = parse_callers(settings.DICOM_CALLERS)
        if not callers:
            raise CommandError("READROOM_DICOM_CALLERS names nobody who may send, so listening is of no use.")
        listener = Listener(title=title, callers=callers, site=receiving_site_get(named=settings.RECEIVING_SITE))
        stop = stop_on_signals()
        try:
            server = listener.start(address=settings.DICOM_ADDRESS, port=settings.DICOM_PORT)
        except OSError as trouble:
            raise CommandError(f"Port {settings.DICOM_PORT} cannot be listened on: {trouble.strerror}.") from None
        serving = threading.Thread(target=server.serve_forever, name="listener")
        serving.start()
        log.info("listening as %s on %s port %d", title, settings.DICOM_ADDRESS, settings.DICOM_PORT)
        stop.wait()
        server.stop()
        serving.join()
