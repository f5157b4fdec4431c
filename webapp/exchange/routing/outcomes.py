"""What a destination answers, whichever way it is reached, and in which form an object is sent to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from webapp.exchange.routing.models import DeliveryObject
from webapp.imaging.archive.indexing import instance_index
from webapp.imaging.archive.models import Instance
from workers import api, storage


class PeerTroubleError(Exception):
    """The destination cannot be talked to just now; the message is a sentence for an administrator."""


@dataclass(frozen=True)
class Answer:
    """What became of one object: taken (perhaps with a word about it), or refused with a reason."""

    item: DeliveryObject
    refused: str = ""
    said: str = ""


def syntax_stored(instance: Instance) -> str:
    """Return the transfer syntax in which an object may leave as it is stored.

    Empty for a file that does not begin as PS3.10 asks: that one is written anew.

    Raises
    ------
    workers.api.Refused
        If the stored object cannot be read any more.
    """
    index = instance_index(instance)
    return index.transfer_syntax_uid if index.is_part10 else ""


@contextmanager
def unpacked(instance: Instance) -> Iterator[Path]:
    """Lend an object as a file in Explicit VR Little Endian, unpacked apart; raises as `syntax_stored`."""
    path = storage.temporary()
    try:
        api.unpack(storage.object_path(instance.sha256), out=path)
        yield path
    finally:
        path.unlink(missing_ok=True)
