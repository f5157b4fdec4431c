"""Whole objects: as they are stored, or in Explicit VR Little Endian (PS3.18 10.4.1.1.1)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.http import HttpRequest

from webapp.exchange.dicomweb.base import form_chosen
from webapp.exchange.dicomweb.multipart_writer import Part
from webapp.exchange.dicomweb.negotiation import DICOM, PLAIN, Offer
from webapp.imaging.archive.indexing import instance_index
from webapp.imaging.archive.models import Instance
from workers import api, storage


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
