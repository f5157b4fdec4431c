"""Frames: as they lie in the file (a seek and a read), or decoded apart (PS3.18 10.4.1.1.6)."""

from collections.abc import Iterator, Sequence

from django.http import Http404, HttpRequest
from pydicom.uid import UID

from webapp.exchange.dicomweb.base import BadRequest, form_chosen
from webapp.exchange.dicomweb.negotiation import OCTETS, PLAIN, Offer
from webapp.imaging.archive.frame_offsets import frame_fragments, read_fragments
from webapp.imaging.archive.indexing import instance_index
from webapp.imaging.archive.models import Instance, InstanceIndex
from workers import api, storage

#: Media types of packed frames by transfer syntax (PS3.18 8.7.3.3), each UID behind PS3.6's common root.
MEDIA = {
    f"1.2.840.10008.1.2.{syntax}": media
    for media, syntaxes in {
        "image/jpeg": ("4.50", "4.51", "4.53", "4.55", "4.57", "4.70"),
        "image/jls": ("4.80", "4.81"),
        "image/jp2": ("4.90", "4.91"),
        "image/jpx": ("4.92", "4.93"),
        "image/jphc": ("4.201", "4.202", "4.203"),
        "image/dicom-rle": ("5",),
    }.items()
    for syntax in syntaxes
}


def frame_numbers(words: str, *, instance: Instance) -> list[int]:
    """Return frames, from 0, of a list that counts from 1.

    Raises
    ------
    BadRequest
        If a number is nought.
    Http404
        If the instance has no such frame, or none at all.
    """
    numbers = [int(word) - 1 for word in words.split(",")]
    if min(numbers) < 0:
        raise BadRequest("Frames are counted from 1.")
    if not instance.rows or not instance.columns or max(numbers) >= instance.number_of_frames:
        raise Http404
    return numbers


def frame_form(*, request: HttpRequest, instance: Instance, is_alone: bool) -> Offer:
    """Return the form in which frames are to be given: as stored if that is accepted, else decoded.

    Raises
    ------
    webapp.exchange.dicomweb.base.NotAcceptable
        If neither is; a body of its own is only for a frame that `is_alone`.
    """
    index = instance_index(instance)
    offers = [(OCTETS, PLAIN)]
    if is_packed(index):
        syntax = index.transfer_syntax_uid
        offers = [(MEDIA.get(syntax, OCTETS), syntax), (OCTETS, syntax), (OCTETS, PLAIN)]
    return form_chosen(
        request,
        [
            Offer(media, syntax, is_multipart)
            for is_multipart in ((True, False) if is_alone else (True,))
            for media, syntax in offers
        ],
    )


def frames_read(*, instance: Instance, numbers: Sequence[int], form: Offer) -> Iterator[bytes]:
    """Yield frames in a form that `frame_form` chose.

    Raises
    ------
    workers.api.Refused
        If they cannot be decoded.
    """
    index, path = instance_index(instance), storage.object_path(instance.sha256)
    if is_as_stored(instance, form):
        for number in numbers:
            yield read_fragments(path, frame_fragments(index.frames, number))
        return
    unpacked = storage.temporary()
    try:
        lengths = api.unpack_frames(path, frames=numbers, out=unpacked)
        with unpacked.open("rb") as file:
            for length in lengths:
                yield file.read(length)
    finally:
        unpacked.unlink(missing_ok=True)


def is_as_stored(instance: Instance, form: Offer) -> bool:
    """Say whether frames are given in a form as they lie in the file."""
    index = instance_index(instance)
    return bool(index.frame_count) and (form.syntax == index.transfer_syntax_uid or not is_packed(index))


def is_packed(index: InstanceIndex) -> bool:
    """Say whether frames lie in the file as a codec left them."""
    syntax = UID(index.transfer_syntax_uid)
    return index.frame_count > 0 and (not syntax.is_transfer_syntax or syntax.is_encapsulated)
