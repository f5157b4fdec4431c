"""STOW-RS: storing objects (PS3.18 10.5). The address is that of the search, the method is POST."""

from typing import cast

from django.conf import settings
from django.db import OperationalError
from django.http import JsonResponse
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from webapp.exchange.dicomweb.base import BadRequest, DicomwebView, json_accepted
from webapp.exchange.dicomweb.multipart_reader import body_sent, parts_sent
from webapp.exchange.dicomweb.negotiation import DICOM, JSON, MULTIPART, parameters_of
from webapp.exchange.dicomweb.openapi import BYTES, HEADER
from webapp.exchange.dicomweb.stow import store_instances, store_response, store_status
from webapp.exchange.dicomweb.views.retrieve import ObjectsView
from webapp.exchange.dicomweb.views.search import SearchView
from webapp.foundation.accounts.models import User
from webapp.imaging.archive.api import DiskIsFull, MayUpload, TooLarge, TryAgain, is_full
from webapp.imaging.archive.ingest import NoSite


class UnsupportedMediaType(APIException):
    """The body is not of the kind that is stored."""

    status_code = 415
    default_detail = 'Send multipart/related; type="application/dicom".'


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
    def post(self, request: Request, study: str = "") -> JsonResponse:
        """Store objects: 200 all, 202 some, 409 none of them, each with its reason."""
        media, parameters = parameters_of(request.META.get("CONTENT_TYPE", ""))
        if media != MULTIPART or parameters.get("type", DICOM) != DICOM:
            raise UnsupportedMediaType
        json_accepted(request._request)
        largest = settings.UPLOAD_LARGEST_BYTES
        if int(request.META.get("CONTENT_LENGTH") or 0) > largest:
            raise TooLarge
        body = body_sent(request._request)
        parts = parts_sent(body, boundary=parameters.get("boundary", ""), largest=largest)
        user = cast("User", request.user)
        try:
            filed = store_instances(parts=parts, user=user, request=request._request, study=study)
        except NoSite as error:
            raise PermissionDenied("Your account belongs to no site, so nothing can be stored for it.") from error
        if not filed:
            raise BadRequest("The body holds no part.")
        told = store_response(request=request._request, filed=filed)
        return JsonResponse(told, status=store_status(filed), content_type=JSON)

    def handle_exception(self, exc: Exception) -> Response:
        """Tell a full disk (507) and passing trouble (503) from mistakes of ours (500)."""
        if self.request.method == "POST" and isinstance(exc, OSError | OperationalError):
            exc = DiskIsFull() if is_full(exc) else TryAgain()
        return super().handle_exception(exc)


class StudiesView(_Storing, SearchView):
    """All studies: searched (GET) and added to (POST)."""


class StudyView(_Storing, ObjectsView):
    """One study: retrieved (GET) and added to (POST)."""
