"""Large values, by the keys under which headers name them (PS3.18 10.4.1.1.5)."""

from collections.abc import Iterator

from django.http import Http404, HttpRequest

from webapp.exchange.dicomweb.frames import frames_read
from webapp.exchange.dicomweb.multipart_writer import Part
from webapp.exchange.dicomweb.negotiation import OCTETS, PLAIN, Offer
from webapp.exchange.dicomweb.retrieve_urls import address_of
from webapp.imaging.archive.frame_offsets import read_fragments
from webapp.imaging.archive.indexing import instance_index
from webapp.imaging.archive.models import Instance
from workers import storage

PIXELS = {"7FE00010", "7FE00008", "7FE00009"}
#: The one form that is given: words are little endian.
FORMS = (Offer(OCTETS, PLAIN, is_multipart=True), Offer(OCTETS, PLAIN))


def bulk_value(*, instance: Instance, key: str) -> bytes:
    """Return a large value of an instance.

    Raises
    ------
    Http404
        If the header names no such value.
    workers.api.Refused
        If pixels cannot be decoded.
    """
    index, path = instance_index(instance), storage.object_path(instance.sha256)
    if key in index.bulk:
        offset, length = index.bulk[key]
        return read_fragments(path, [(offset, length)])
    if key not in PIXELS or not instance.rows:
        raise Http404
    form = Offer(OCTETS, PLAIN)
    return b"".join(frames_read(instance=instance, numbers=range(instance.number_of_frames), form=form))


def bulk_parts(*, request: HttpRequest, instance: Instance) -> Iterator[Part]:
    """Yield every large value of an instance that is not its pixels, and its pixels frame by frame."""
    index, address = instance_index(instance), address_of(request, instance)
    for key in index.bulk:
        yield Part(OCTETS, bulk_value(instance=instance, key=key), f"{address}/bulkdata/{key}")
    if not instance.rows:
        return
    form = Offer(OCTETS, PLAIN)
    frames = frames_read(instance=instance, numbers=range(instance.number_of_frames), form=form)
    for number, frame in enumerate(frames, 1):
        yield Part(form.content_type, frame, f"{address}/frames/{number}")
