"""What all FHIR addresses share: who may ask, the media type, refusals as OperationOutcome, versions."""

import hashlib
from typing import Any

import orjson
from django.http import HttpRequest
from django.utils.http import parse_etags
from fhir.resources.R4B.operationoutcome import OperationOutcome, OperationOutcomeIssue
from fhir.resources.R4B.resource import Resource
from rest_framework.exceptions import APIException
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.imaging.inference.image_views import CACHING

JSON = "application/fhir+json"
#: Issue types of FHIR (value set issue-type) by status.
ISSUES = {400: "invalid", 401: "login", 403: "forbidden", 404: "not-found", 405: "not-supported", 406: "not-supported"}


class NotUnderstood(APIException):
    """The search contradicts what the CapabilityStatement offers."""

    status_code = 400


class FhirRenderer(JSONRenderer):
    """JSON under FHIR's own name."""

    media_type = JSON
    format = "json"


class PlainRenderer(FhirRenderer):
    """The same for clients that ask for JSON by its common name."""

    media_type = "application/json"


class FhirView(APIView):
    """Base: signed-in users only; rows are those that the policy lets them know of."""

    permission_classes = [IsAuthenticated]
    renderer_classes = [FhirRenderer, PlainRenderer]

    def handle_exception(self, exc: Exception) -> Response:
        """Answer a refusal as an OperationOutcome."""
        response = super().handle_exception(exc)
        detail = response.data.get("detail", "The request is refused.") if isinstance(response.data, dict) else ""
        response.data = written(outcome(response.status_code, str(detail)))
        response.content_type = JSON
        return response


def outcome(status: int, sentence: str) -> OperationOutcome:
    """Return an OperationOutcome with one error."""
    code = ISSUES.get(status, "processing")
    return OperationOutcome(issue=[OperationOutcomeIssue(severity="error", code=code, diagnostics=sentence)])


def written(resource: Resource) -> dict[str, Any]:
    """Return a resource as JSON has it."""
    told: dict[str, Any] = resource.model_dump(mode="json")
    return told


def root_of(request: HttpRequest | Request) -> str:
    """Return our own address, without a slash at its end."""
    return request.build_absolute_uri("/").rstrip("/")


def answer(request: Request, resource: Resource) -> Response:
    """Return a resource with the name of its version; 304 where the client has that one already."""
    told = written(resource)
    version = hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]
    tag = f'W/"{version}"'
    held = parse_etags(request.headers.get("If-None-Match", ""))
    headers: dict[str, Any] = {"ETag": tag, "Cache-Control": CACHING, "Vary": "Accept, Cookie"}
    if tag in held or "*" in held:
        return Response(status=304, headers=headers)
    return Response(told, headers=headers, content_type=f"{JSON}; fhirVersion=4.0")
