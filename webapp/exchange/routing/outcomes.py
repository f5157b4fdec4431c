"""Responses of a destination and the form in which objects are sent, for C-STORE and STOW-RS alike."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from webapp.exchange.routing.models import DeliveryObject
from webapp.imaging.archive.indexing import instance_index
from webapp.imaging.archive.models import Instance
from workers import api, storage


class PeerTroubleError(Exception):
    """The destination cannot be reached or cannot respond now; the message is a sentence for an administrator."""


@dataclass(frozen=True)
class Answer:
    """The response to one object: accepted (`said` may hold a warning), or refused with a reason."""

    item: DeliveryObject
    refused: str = ""
    said: str = ""


def syntax_stored(instance: Instance) -> str:
    """Return the transfer syntax in which an object can be sent as it is stored.

    It is "" for a file that is not in the PS3.10 format, which is rewritten before it is sent.

    Raises
    ------
    workers.api.Refused
        If the stored object can no longer be read.
    """
    index = instance_index(instance)
    return index.transfer_syntax_uid if index.is_part10 else ""


@contextmanager
def unpacked(instance: Instance) -> Iterator[Path]:
    """Yield a file with the object in Explicit VR Little Endian, decompressed by the reader process.

    Raises as `syntax_stored`.
    """
    path = storage.temporary()
    try:
        api.unpack(storage.object_path(instance.sha256), out=path)
        yield path
    finally:
        path.unlink(missing_ok=True)
