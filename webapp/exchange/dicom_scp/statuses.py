"""C-STORE responses: the status and error comment for each result of ingest."""

import logging
import textwrap
from enum import IntEnum

from django.db import DatabaseError, OperationalError
from pydicom.dataset import Dataset

from webapp.imaging.archive.api import is_full
from webapp.imaging.archive.ingest import Fault, IngestResult

log = logging.getLogger(__name__)
COMMENT_LONGEST = 64  # Error Comment (0000,0902) has the VR LO


class Status(IntEnum):
    """Status codes of PS3.4 Table B.2-1; we chose the digits that it leaves open (A7xx, A9xx, Cxxx)."""

    STORED = 0x0000
    NOT_AUTHORISED = 0x0124
    FULL = 0xA700
    TRY_AGAIN = 0xA701
    NOT_AS_ANNOUNCED = 0xA900
    UNREADABLE = 0xC000
    CONTRADICTS = 0xC100


STATUS_OF: dict[Fault, Status] = {
    "": Status.STORED,
    "index": Status.UNREADABLE,
    "unreadable": Status.UNREADABLE,
    "contradicts": Status.CONTRADICTS,
    "not as announced": Status.NOT_AS_ANNOUNCED,
}


def filed_told(filed: IngestResult) -> Dataset:
    """Return the response for the result of ingest; a duplicate is a success."""
    return told(STATUS_OF[filed.fault], "" if filed.fault == "" else filed.reason)


def trouble_told(trouble: OSError | DatabaseError) -> Dataset:
    """Return the response if the disk or the database failed: the sender should keep the object and send it again."""
    log.warning("not stored: %s", type(trouble).__name__)
    if isinstance(trouble, OSError | OperationalError) and is_full(trouble):
        return told(Status.FULL, "The disk is full; try again when there is room.")
    return told(Status.TRY_AGAIN, "Storing is not possible at the moment; try again.")


def told(status: Status, comment: str = "") -> Dataset:
    """Return a response with a status and a comment, shortened to the length that its element allows."""
    response = Dataset()
    response.Status = int(status)
    if comment:
        response.ErrorComment = textwrap.shorten(comment, COMMENT_LONGEST, placeholder="...")
    return response
