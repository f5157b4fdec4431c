"""manage.py share: what leaves by itself (exports, sets of campaigns, notices), made and sent until stopped."""

import threading
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from webapp.exchange.exports.jobs import export_make, export_next, exports_expire, exports_recover
from webapp.exchange.webhooks.delivery import notices_send
from webapp.exchange.webhooks.services import notices_recover
from webapp.foundation.core.daemons import record_heartbeat, run_forever, single_instance, stop_on_signals
from webapp.reading.campaigns.dataset_jobs import build_sets, sets_recover

Work = Callable[[], int]


class Command(BaseCommand):
    """Make exports and sets of campaigns, send notices."""

    help = "Make exports and sets of campaigns, and send notices (webhooks), until stopped (SIGTERM or SIGINT)."

    def handle(self, *args: Any, **options: Any) -> None:
        """Be the only one; work side by side: a long export keeps no notice waiting."""
        with single_instance("sharing", otherwise="Another process of this Readroom makes exports already."):
            share(stop=stop_on_signals())


def share(*, stop: threading.Event) -> None:
    """Work until asked to stop, and show that all hands live; raises CommandError where one of them died."""
    works: tuple[tuple[Work, Work], ...] = (
        (exports_recover, exports_made),
        (sets_recover, build_sets),
        (notices_recover, notices_send),
    )
    threads = [
        threading.Thread(target=run_forever, args=(work,), kwargs={"stop": stop, "recover": recover}, daemon=True)
        for recover, work in works
    ]
    for thread in threads:
        thread.start()
    while not stop.wait(1):
        if not all(thread.is_alive() for thread in threads):
            raise CommandError("A mistake of ours ended this; it is started again.")
        record_heartbeat("sharing")
    for thread in threads:
        thread.join(timeout=5)  # what is not done by then is taken back at the next start


def exports_made() -> int:
    """Make the next export; return how many were due."""
    exports_expire()
    export = export_next()
    if export is not None:
        export_make(export)
    return int(export is not None)
