"""Files of the watched folder go through intake, one after the other, once they have been quiet for a while."""

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
    """What is known of the files in a folder: since when each looks as it does, and which ones could not be moved."""

    def __init__(self, *, folder: OpenFolder, user: User, now: Callable[[], float] = time.monotonic) -> None:
        self.folder = folder
        self.user = user
        self.now = now
        self.since: dict[Place, tuple[Looks, float]] = {}
        self.stuck: dict[Place, Looks] = {}

    def look(self) -> int:
        """Take in every file that has been quiet for long enough; return how many those were.

        Nothing is remembered on disk. A file that was being taken when the process died lies where it lay, and is
        taken again: the same bytes twice are one.

        Raises
        ------
        OSError, django.db.DatabaseError
            If the folder, our disk or the database fail; the file stays where it is.
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
            return  # It is looked at again when it is quiet.
        try:
            self.folder.put_away(place, looks=looks, into=into, reason=reason)
        except ChangedError:
            return
        except OSError as trouble:
            self.stuck[place] = looks  # It is stored: not to be taken again and again.
            log.warning("a file was taken and cannot be moved away: %s", trouble.strerror)

    def _taken(self, place: Place, looks: Looks) -> tuple[str, str]:
        """Take one file in; return where it belongs now, and what is to be said of it or of a member.

        An index of other files is left out and nothing is wrong with it: a medium lies in `done` as a whole.
        """
        if looks.size > settings.UPLOAD_LARGEST_BYTES:
            return (
                REFUSED,
                f"The file is larger than {settings.UPLOAD_LARGEST_BYTES >> 20:,} MiB, the limit.",
            )
        copy = storage.temporary()  # What is digested, read and stored must be one and the same.
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
