"""manage.py watch: ingest the files of the watched folder."""

import fcntl
import logging
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from webapp.exchange.dicom_scp.accounts import receiving_site_get, sender_account_get
from webapp.exchange.dicom_scp.safe_directory import open_folder
from webapp.exchange.dicom_scp.watcher import Watcher
from webapp.foundation.core.daemons import record_heartbeat, run_forever, stop_on_signals

log = logging.getLogger(__name__)
ACCOUNT = "Watched folder"


class Command(BaseCommand):
    """Ingest what is put into the watched folder until stopped."""

    help = "Take in the files of READROOM_WATCHED_FOLDER until stopped (SIGTERM or SIGINT)."

    def handle(self, *args: Any, **options: Any) -> None:
        """Lock the folder against other watchers, and scan it until stopped."""
        if not settings.WATCHED_FOLDER:
            raise CommandError("READROOM_WATCHED_FOLDER names no folder to watch.")
        try:
            user = sender_account_get(name=ACCOUNT, site=receiving_site_get(named=settings.RECEIVING_SITE))
            with open_folder(Path(settings.WATCHED_FOLDER)) as folder:
                fcntl.flock(folder.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                watch(Watcher(folder=folder, user=user), stop=stop_on_signals())
        except ImproperlyConfigured as wrong:
            raise CommandError(str(wrong)) from None
        except BlockingIOError:
            raise CommandError("Another Readroom watches this folder already.") from None
        except OSError as trouble:
            raise CommandError(f"The watched folder cannot be used: {trouble.strerror}.") from None


def watch(watcher: Watcher, *, stop: threading.Event) -> None:
    """Scan the folder until stopped."""

    def look() -> None:
        watcher.look()
        record_heartbeat("watcher")

    log.info("watching")
    run_forever(look, stop=stop)
