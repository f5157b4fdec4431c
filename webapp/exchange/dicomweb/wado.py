"""WADO-RS: whole objects, headers, large values and frames (PS3.18 10.4).

Nothing is parsed here: what lies where was found at intake, and what must be decoded is decoded apart.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from pydicom.uid import UID

from webapp.exchange.dicomweb.access import open_instances
from webapp.exchange.dicomweb.base import (
    DICOM,
    JSON,
    OCTETS,
    PLAIN,
    BadRequest,
    Offer,
    cached,
    form_chosen,
    tag_of,
    unchanged,
)
from webapp.exchange.dicomweb.dicom_json import encode, kept_header, retrieve_url, root_url
from webapp.exchange.dicomweb.multipart import Part, multipart, multipart_of_one, single, started
from webapp.foundation.audit.codes import Code
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
PIXELS = {"7FE00010", "7FE00008", "7FE00009"}
#: The one form that is given: words are little endian.
FORMS = (Offer(OCTETS, PLAIN, is_multipart=True), Offer(OCTETS, PLAIN))


# --- Whole objects (PS3.18 10.4.1.1.1) --------------------------------------------------------------------------------


def objects_response(request: HttpRequest, *, study: str, series: str, instance: str) -> HttpResponseBase:
    """Answer with objects: one after the other in a multipart body, or one by itself."""
    found = open_instances(request=request, study=study, series=series, instance=instance, code=Code.OBJECTS_RETRIEVED)
    chosen = [(one, object_form(request=request, instance=one, is_alone=bool(instance))) for one in found]
    tag = tag_of("objects", *((one.sha256, form) for one, form in chosen))
    if same := unchanged(request, tag):
        return same
    parts = started(object_parts(chosen))
    if chosen[0][1].is_multipart:
        return cached(multipart(parts, media=DICOM), tag)
    chunks = (chunk for part in parts for chunk in part.chunks())
    return cached(StreamingHttpResponse(chunks, content_type=chosen[0][1].content_type), tag)


def object_form(*, request: HttpRequest, instance: Instance, is_alone: bool) -> Offer:
    """Return the form in which an object is to be given: stored if that is accepted, else unpacked.

    Raises
    ------
    webapp.exchange.dicomweb.base.NotAcceptable
        If neither is; a body of its own is only for an instance that `is_alone`.
    """
    index = instance_index(instance)
    stored = [index.transfer_syntax_uid] if index.is_part10 else []
    syntaxes = list(dict.fromkeys([*stored, PLAIN]))
    single_instance = [Offer(DICOM, syntax) for syntax in syntaxes] if is_alone else []
    return form_chosen(request, [*(Offer(DICOM, syntax, is_multipart=True) for syntax in syntaxes), *single_instance])


def object_parts(chosen: Sequence[tuple[Instance, Offer]]) -> Iterator[Part]:
    """Yield each object in its form; one that must be unpacked lies on disk only until it is sent."""
    for instance, form in chosen:
        with object_file(instance, form) as path:
            yield Part(form.content_type, path)


@contextmanager
def object_file(instance: Instance, form: Offer) -> Iterator[Path]:
    """Lend the file of an object in a form.

    Raises
    ------
    workers.api.Refused
        If it cannot be unpacked.
    """
    stored = storage.object_path(instance.sha256)
    index = instance_index(instance)
    if index.is_part10 and form.syntax == index.transfer_syntax_uid:
        yield stored
        return
    unpacked = storage.temporary()
    try:
        api.unpack(stored, out=unpacked)
        yield unpacked
    finally:
        unpacked.unlink(missing_ok=True)


# --- Headers (PS3.18 10.4.1.1.2) --------------------------------------------------------------------------------------


def metadata_response(request: HttpRequest, *, study: str, series: str, instance: str) -> HttpResponse:
    """Answer with the headers that were kept at intake, with addresses where their large values stood.

    Raises
    ------
    workers.api.Refused
        If an object that was stored before headers were kept cannot be read any more.
    """
    needs = ("index__header",)
    found = open_instances(
        request=request, study=study, series=series, instance=instance, needs=needs, code=Code.STUDY_VIEWED
    )
    tag = tag_of("metadata", request.get_host(), *(one.sha256 for one in found))
    if same := unchanged(request, tag):
        return same
    root = root_url(request)
    told = [kept_header(instance_index(one).header, address=instance_url(root, one)) for one in found]
    return cached(HttpResponse(encode(told), content_type=JSON), tag)


def instance_url(root: str, instance: Instance) -> str:
    """Return where an instance, with its series and study at hand, is retrieved."""
    series = instance.series
    return retrieve_url(root, series.study.study_instance_uid, series.series_instance_uid, instance.sop_instance_uid)


# --- Frames (PS3.18 10.4.1.1.6) ---------------------------------------------------------------------------------------


def frames_response(request: HttpRequest, *, study: str, series: str, instance: str, frames: str) -> HttpResponseBase:
    """Answer with frames: in a multipart body, or one by itself."""
    (found,) = open_instances(
        request=request,
        study=study,
        series=series,
        instance=instance,
        needs=("index__frames",),
        code=Code.STUDY_VIEWED,
    )
    numbers = frame_numbers(frames, instance=found)
    form = frame_form(request=request, instance=found, is_alone=len(numbers) == 1)
    tag = tag_of("frames", found.sha256, numbers, form)
    if same := unchanged(request, tag):
        return same
    read = frames_read(instance=found, numbers=numbers, form=form)
    if form.is_multipart and len(numbers) == 1:
        return cached(multipart_of_one(Part(form.content_type, next(read)), media=form.media), tag)
    if form.is_multipart:
        parts = started(Part(form.content_type, frame) for frame in read)
        return cached(multipart(parts, media=form.media), tag)
    return cached(single(request, b"".join(read), content_type=form.content_type, tag=tag), tag)


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


# --- Large values (PS3.18 10.4.1.1.5) ---------------------------------------------------------------------------------


def bulk_response(request: HttpRequest, *, study: str, series: str, instance: str, key: str) -> HttpResponseBase:
    """Answer with large values."""
    needs = ("index__frames", "index__bulk")
    (found,) = open_instances(
        request=request, study=study, series=series, instance=instance, needs=needs, code=Code.STUDY_VIEWED
    )
    form = form_chosen(request, FORMS if key else FORMS[:1])
    tag = tag_of("bulk", found.sha256, key, form)
    if same := unchanged(request, tag):
        return same
    if not key:
        return cached(multipart(bulk_parts(request=request, instance=found), media=OCTETS), tag)
    value = bulk_value(instance=found, key=key)
    if form.is_multipart:
        return cached(multipart([Part(form.content_type, value)], media=OCTETS), tag)
    return cached(single(request, value, content_type=form.content_type, tag=tag), tag)


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
    index, address = instance_index(instance), instance_url(root_url(request), instance)
    for key in index.bulk:
        yield Part(OCTETS, bulk_value(instance=instance, key=key), f"{address}/bulkdata/{key}")
    if not instance.rows:
        return
    form = Offer(OCTETS, PLAIN)
    frames = frames_read(instance=instance, numbers=range(instance.number_of_frames), form=form)
    for number, frame in enumerate(frames, 1):
        yield Part(form.content_type, frame, f"{address}/frames/{number}")
