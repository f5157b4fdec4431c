"""WADO-RS: whole objects, their headers, their large values (PS3.18 10.4)."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from webapp.exchange.dicomweb.access import open_instances
from webapp.exchange.dicomweb.base import DicomwebView, cached, form_chosen, json_accepted, tag_of, unchanged
from webapp.exchange.dicomweb.bulkdata import FORMS, bulk_parts, bulk_value
from webapp.exchange.dicomweb.metadata import metadata_json
from webapp.exchange.dicomweb.multipart_writer import Part, multipart, single, started
from webapp.exchange.dicomweb.negotiation import DICOM, JSON, OCTETS
from webapp.exchange.dicomweb.openapi import BYTES, HEADERS
from webapp.exchange.dicomweb.wado import object_form, object_parts
from webapp.foundation.audit.codes import Code


@extend_schema(tags=["DICOMweb retrieve"])
class ObjectsView(DicomwebView):
    """The objects of a study or a series, or one instance."""

    @extend_schema(responses={(200, DICOM): BYTES})
    def get(self, request: Request, study: str, series: str = "", instance: str = "") -> HttpResponseBase:
        """Retrieve objects, in their stored transfer syntax where accepted, else in Explicit VR Little Endian."""
        return objects_answer(request._request, study=study, series=series, instance=instance)


@extend_schema(tags=["DICOMweb retrieve"])
class MetadataView(DicomwebView):
    """The headers of a study, a series or an instance."""

    @extend_schema(responses={(200, JSON): HEADERS})
    def get(self, request: Request, study: str, series: str = "", instance: str = "") -> HttpResponseBase:
        """Retrieve headers as DICOM JSON; large values are addresses."""
        json_accepted(request._request)
        return metadata_answer(request._request, study=study, series=series, instance=instance)


@extend_schema(tags=["DICOMweb retrieve"])
class BulkView(DicomwebView):
    """The large values of an instance, or one of them by the key that its header names."""

    @extend_schema(responses={(200, OCTETS): BYTES})
    def get(self, request: Request, study: str, series: str, instance: str, key: str = "") -> HttpResponseBase:
        """Retrieve large values as bytes, words little endian; of all of them, pixels come frame by frame."""
        return bulk_answer(request._request, study=study, series=series, instance=instance, key=key)


def objects_answer(request: HttpRequest, *, study: str, series: str, instance: str) -> HttpResponseBase:
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


def metadata_answer(request: HttpRequest, *, study: str, series: str, instance: str) -> HttpResponseBase:
    """Answer with headers."""
    needs = ("index__header",)
    found = open_instances(
        request=request, study=study, series=series, instance=instance, needs=needs, code=Code.STUDY_VIEWED
    )
    tag = tag_of("metadata", request.get_host(), *(one.sha256 for one in found))
    if same := unchanged(request, tag):
        return same
    return cached(HttpResponse(metadata_json(request=request, instances=found), content_type=JSON), tag)


def bulk_answer(request: HttpRequest, *, study: str, series: str, instance: str, key: str) -> HttpResponseBase:
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
