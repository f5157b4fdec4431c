"""POST /api/uploads/: each request carries one file; the response has one entry for each file stored or refused."""

import errno
import sqlite3
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.db import OperationalError
from drf_spectacular.utils import extend_schema
from psycopg.errors import DiskFull
from rest_framework.exceptions import APIException, PermissionDenied, ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.permissions import Action, may
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.imaging.archive.ingest import IngestResult, NoSite, ingest_file

FULL = {errno.ENOSPC, errno.EDQUOT}
#: Allowance in bytes for the rest of a multipart body: headers, boundaries, the file name.
ENVELOPE_BYTES = 64 << 10

#: Schemas of the request and the response, for the OpenAPI description.
UPLOAD = {
    "type": "object",
    "properties": {"file": {"type": "string", "format": "binary"}, "name": {"type": "string"}},
    "required": ["file"],
}
ANSWER = {"type": "object", "properties": {"files": {"type": "array", "items": {"type": "object"}}}}


class TooLarge(APIException):
    """The request body exceeds the upload limit."""

    status_code = 413
    default_code = "too-large"
    default_detail = "The file is too large."


class DiskIsFull(APIException):
    """The disk is full: uploads fail, reading goes on."""

    status_code = 507
    default_code = "disk-full"
    default_detail = "The disk is full. Nothing of this file was kept; try again when an administrator has made room."
    wait = 60


class TryAgain(APIException):
    """The database or the disk is temporarily unavailable."""

    status_code = 503
    default_code = "try-again"
    default_detail = "Storing is not possible at the moment. Nothing of this file was lost; try again shortly."
    wait = 5


class MayUpload(BasePermission):
    """Requires `Action.UPLOAD`, by the permissions table."""

    def has_permission(self, request: Request, view: APIView) -> bool:  # noqa: ARG002 - DRF's signature
        """Return whether the user may upload; a refusal is audited."""
        if may(request.user, Action.UPLOAD):
            return True
        asked = request._request
        audit_record(code=Code.ACCESS_REFUSED, user=request.user, request=asked, success=False, details=Action.UPLOAD)
        return False


class UploadView(APIView):
    """Take one file in (multipart: `file`, and `name` as its sender calls it) and say what became of it."""

    parser_classes = [MultiPartParser]
    permission_classes = [IsAuthenticated, MayUpload]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse oversized bodies by their Content-Length before reading them, and write every file to disk."""
        largest = settings.UPLOAD_LARGEST_BYTES
        if int(request.META.get("CONTENT_LENGTH") or 0) > largest + ENVELOPE_BYTES:
            raise TooLarge(f"The file is larger than {largest >> 20:,} MiB, the limit.")
        request._request.upload_handlers = [TemporaryFileUploadHandler(request._request)]
        super().initial(request, *args, **kwargs)

    @extend_schema(request={"multipart/form-data": UPLOAD}, responses={200: ANSWER})
    def post(self, request: Request) -> Response:
        """Answer `{"files": [{name, status, reason, study, series}, ...]}`; a zip has one entry a member."""
        sent, *others = request.FILES.getlist("file") or [None]
        if others or not isinstance(sent, TemporaryUploadedFile):
            raise ValidationError({"detail": "Send one file in the field `file`."})
        name = str(request.data.get("name") or sent.name)
        path = Path(sent.temporary_file_path())
        try:
            filed = ingest_file(path=path, name=name, user=cast("User", request.user), request=request._request)
        except NoSite as error:
            raise PermissionDenied(
                "Your account belongs to no site, so nothing can be stored for it.", code="no-site"
            ) from error
        return Response({"files": [_serialize_result(each) for each in filed]})

    def handle_exception(self, exc: Exception) -> Response:
        """Distinguish a full disk (507) and temporary failures (503) from our own errors (500)."""
        if isinstance(exc, OSError | OperationalError):
            exc = DiskIsFull() if is_full(exc) else TryAgain()
        return super().handle_exception(exc)


def is_full(error: OSError | OperationalError) -> bool:
    """Return whether the error means that the disk, or the database's disk, is full."""
    if isinstance(error, OSError):
        return error.errno in FULL
    cause = error.__cause__
    return isinstance(cause, DiskFull) or getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL


def _serialize_result(filed: IngestResult) -> dict[str, str | None]:
    return {
        "name": filed.name,
        "status": filed.status,
        "reason": filed.reason,
        "study": str(filed.study) if filed.study else None,
        "series": str(filed.series) if filed.series else None,
    }
