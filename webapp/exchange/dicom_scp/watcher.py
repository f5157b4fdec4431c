"""Ingests the files of the watched folder, one by one, once they have not changed for a while."""

import logging
import time
from collections.abc import Callable

from django.conf import settings

from webapp.exchange.dicom_scp.safe_directory import (
    DONE,
    REFUSED,
    ChangedError,
    Looks,
    OpenFolder,
    Place,
    UnreadableError,
)
from webapp.exchange.dicom_scp.sender_activity import record_sender
from webapp.foundation.accounts.models import User
from webapp.imaging.archive.ingest import IngestResult, ingest_file
from workers import storage

log = logging.getLogger(__name__)


class Watcher:
    """Tracks the files of a folder: since when each has been unchanged, and which could not be moved away."""

    def __init__(self, *, folder: OpenFolder, user: User, now: Callable[[], float] = time.monotonic) -> None:
        self.folder = folder
        self.user = user
        self.now = now
        self.since: dict[Place, tuple[Looks, float]] = {}
        self.stuck: dict[Place, Looks] = {}

    def look(self) -> int:
        """Ingest every file that has been unchanged for long enough; return their number.

        No state is kept on disk. If the process dies while it ingests a file, the file is still in its place and is
        ingested again, which is harmless: the same bytes are stored only once.

        Raises
        ------
        OSError, django.db.DatabaseError
            If the folder, our disk or the database fails; the file stays where it is.
        """
        now, files = self.now(), self.folder.files()
        before = self.since
        self.since = {
            place: before[place] if place in before and before[place][0] == looks else (looks, now)
            for place, looks in files.items()
        }
        due = [
            (place, looks)
            for place, (looks, since) in sorted(self.since.items())
            if now - since >= settings.WATCHED_QUIET_SECONDS and self.stuck.get(place) != looks
        ]
        for place, looks in due:
            self._take(place, looks)
        return len(due)

    def _take(self, place: Place, looks: Looks) -> None:
        try:
            into, reason = self._taken(place, looks)
        except ChangedError:
            return  # it is ingested once it has stopped changing
        try:
            self.folder.put_away(place, looks=looks, into=into, reason=reason)
        except ChangedError:
            return
        except OSError as trouble:
            self.stuck[place] = looks  # it is stored, and must not be ingested again and again
            log.warning("a file was taken and cannot be moved away: %s", trouble.strerror)

    def _taken(self, place: Place, looks: Looks) -> tuple[str, str]:
        """Ingest one file; return the folder to move it to, and the reasons why it or its members were refused.

        A DICOMDIR is not stored, but that does not make it a refused file: a whole medium ends up in `done`.
        """
        if looks.size > settings.UPLOAD_LARGEST_BYTES:
            return (
                REFUSED,
                f"The file is larger than {settings.UPLOAD_LARGEST_BYTES >> 20:,} MiB, the limit.",
            )
        copy = storage.temporary()  # so that the same bytes are digested, inspected and stored
        try:
            self.folder.copy(place, looks=looks, out=copy)
            filed = ingest_file(path=copy, name=place[-1], user=self.user)
        except UnreadableError:
            return REFUSED, "Readroom may not read the file: its rights do not allow it."
        finally:
            copy.unlink(missing_ok=True)
        if any(not each.fault for each in filed):
            record_sender(name=self.user.get_username())
        refused = [each for each in filed if each.status == "refused"]
        into = REFUSED if any(each.fault != "index" for each in refused) else DONE
        return into, "\n".join(_said(each, of_many=len(filed) > 1) for each in refused)


def _said(filed: IngestResult, *, of_many: bool) -> str:
    return f"{filed.name}: {filed.reason}" if of_many else filed.reason
