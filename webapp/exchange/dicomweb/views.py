"""The resources of PS3.18 chapter 10: each view says who is asked, nothing more."""

from typing import cast

from django.db import OperationalError
from django.http import Http404, HttpResponse, HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from webapp.exchange.dicomweb.access import open_instances
from webapp.exchange.dicomweb.attributes import Level
from webapp.exchange.dicomweb.base import (
    DICOM,
    JPEG,
    JSON,
    MULTIPART,
    OCTETS,
    PNG,
    BadRequest,
    DicomwebView,
    json_accepted,
)
from webapp.exchange.dicomweb.openapi import BYTES, HEADER, HEADERS, RENDERING, SEARCHING
from webapp.exchange.dicomweb.qido import search_response
from webapp.exchange.dicomweb.rendering import (
    THUMBNAIL,
    Drawing,
    picture_response,
    pictures_response,
    requested_drawing,
)
from webapp.exchange.dicomweb.stow import check_media_type, store_response
from webapp.exchange.dicomweb.wado import (
    bulk_response,
    frame_numbers,
    frames_response,
    metadata_response,
    objects_response,
)
from webapp.foundation.accounts.models import User
from webapp.foundation.audit.codes import Code
from webapp.imaging.archive.api import DiskIsFull, MayUpload, TryAgain, is_full


class SearchView(DicomwebView):
    """Base: what matches the address, as DICOM JSON (QIDO-RS, PS3.18 10.6)."""

    level = Level.STUDY

    @extend_schema(tags=["DICOMweb search"], parameters=SEARCHING, responses={(200, JSON): HEADERS})
    def get(self, request: Request, study: str = "", series: str = "") -> HttpResponse:
        """Search by any attribute that is told, named by keyword or tag."""
        json_accepted(request._request)
        user = cast("User", request.user)
        return search_response(request._request, user=user, level=self.level, study=study, series=series)


class SeriesSearchView(SearchView):
    """Series."""

    level = Level.SERIES


class InstancesSearchView(SearchView):
    """Instances."""

    level = Level.INSTANCE


@extend_schema(tags=["DICOMweb retrieve"])
class ObjectsView(DicomwebView):
    """The objects of a study or a series, or one instance."""

    @extend_schema(responses={(200, DICOM): BYTES})
    def get(self, request: Request, study: str, series: str = "", instance: str = "") -> HttpResponseBase:
        """Retrieve objects, in their stored transfer syntax where accepted, else in Explicit VR Little Endian."""
        return objects_response(request._request, study=study, series=series, instance=instance)


@extend_schema(tags=["DICOMweb retrieve"])
class MetadataView(DicomwebView):
    """The headers of a study, a series or an instance."""

    @extend_schema(responses={(200, JSON): HEADERS})
    def get(self, request: Request, study: str, series: str = "", instance: str = "") -> HttpResponseBase:
        """Retrieve headers as DICOM JSON; large values are addresses."""
        json_accepted(request._request)
        return metadata_response(request._request, study=study, series=series, instance=instance)


@extend_schema(tags=["DICOMweb retrieve"])
class BulkView(DicomwebView):
    """The large values of an instance, or one of them by the key that its header names."""

    @extend_schema(responses={(200, OCTETS): BYTES})
    def get(self, request: Request, study: str, series: str, instance: str, key: str = "") -> HttpResponseBase:
        """Retrieve large values as bytes, words little endian; of all of them, pixels come frame by frame."""
        return bulk_response(request._request, study=study, series=series, instance=instance, key=key)


@extend_schema(tags=["DICOMweb retrieve"])
class FramesView(DicomwebView):
    """Frames of an instance, counted from 1."""

    @extend_schema(responses={(200, OCTETS): BYTES})
    def get(self, request: Request, study: str, series: str, instance: str, frames: str) -> HttpResponseBase:
        """Retrieve frames: as they are stored where that is accepted, else decoded."""
        return frames_response(request._request, study=study, series=series, instance=instance, frames=frames)


@extend_schema(tags=["DICOMweb retrieve"])
class RenderedView(DicomwebView):
    """A study, a series, an instance, or one frame of it, as pictures."""

    @extend_schema(parameters=RENDERING, responses={(200, JPEG): BYTES, (200, PNG): BYTES})
    def get(
        self, request: Request, study: str, series: str = "", instance: str = "", frames: str = ""
    ) -> HttpResponseBase:
        """Draw every frame through the object's window or another one; of one instance, the first or the one named."""
        if "," in frames:
            raise BadRequest("One frame is drawn at a time.")
        found = open_instances(
            request=request._request, study=study, series=series, instance=instance, code=Code.STUDY_VIEWED
        )
        drawing = requested_drawing(request._request)
        if not instance:
            return pictures_response(request._request, [one for one in found if one.has_pixels], drawing)
        (number,) = frame_numbers(frames or "1", instance=found[0])
        return picture_response(request._request, found[0], number, drawing)


@extend_schema(tags=["DICOMweb retrieve"])
class ThumbnailView(DicomwebView):
    """A study, a series, an instance or a frame as a small picture."""

    @extend_schema(parameters=RENDERING[1:2], responses={(200, JPEG): BYTES, (200, PNG): BYTES})
    def get(
        self, request: Request, study: str, series: str = "", instance: str = "", frames: str = ""
    ) -> HttpResponseBase:
        """Draw what is in the middle, small."""
        found = open_instances(
            request=request._request, study=study, series=series, instance=instance, code=Code.STUDY_VIEWED
        )
        images = [one for one in found if one.has_pixels]
        if not images:
            raise Http404
        middle = images[len(images) // 2]
        number = frame_numbers(frames, instance=middle)[0] if frames else middle.number_of_frames // 2
        asked = requested_drawing(request._request)
        return picture_response(request._request, middle, number, Drawing(size=asked.size or THUMBNAIL))


class _Storing(DicomwebView):
    """What storing adds to a resource."""

    def check_permissions(self, request: Request) -> None:
        """Ask the one policy whether the user may file anything."""
        super().check_permissions(request)
        if request.method == "POST" and not MayUpload().has_permission(request, self):
            self.permission_denied(request)

    @extend_schema(
        tags=["DICOMweb store"],
        request={f'{MULTIPART}; type="{DICOM}"': BYTES},
        responses={(status, JSON): HEADER for status in (200, 202, 409)},
    )
    def post(self, request: Request, study: str = "") -> HttpResponse:
        """Store objects: 200 all, 202 some, 409 none of them, each with its reason."""
        boundary = check_media_type(request._request)
        json_accepted(request._request)
        user = cast("User", request.user)
        return store_response(request._request, user=user, study=study, boundary=boundary)

    def handle_exception(self, exc: Exception) -> Response:
        """Tell a full disk (507) and passing trouble (503) from mistakes of ours (500)."""
        if self.request.method == "POST" and isinstance(exc, OSError | OperationalError):
            exc = DiskIsFull() if is_full(exc) else TryAgain()
        return super().handle_exception(exc)


class StudiesView(_Storing, SearchView):
    """All studies: searched (GET) and added to (POST)."""


class StudyView(_Storing, ObjectsView):
    """One study: retrieved (GET) and added to (POST)."""
