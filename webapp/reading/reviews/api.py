"""REST: reviews of findings and of what the AI missed, and outlines with the review that goes with each."""

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import APIException
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.foundation.accounts.access import current_user
from webapp.foundation.accounts.permissions import Action
from webapp.imaging.annotations.api import Conflict, DrawnView
from webapp.imaging.annotations.models import Annotation
from webapp.imaging.archive.access import open_study
from webapp.reading.reviews.segmentation_services import OutlineInput, outline_delete, outline_save
from webapp.reading.reviews.selectors import (
    replaces_other_outline,
    reviews_of,
)
from webapp.reading.reviews.serializers import OutlineSerializer, ReviewSerializer, serialize_outline, serialize_review
from webapp.reading.reviews.services import ReviewInput, ReviewRefusedError, review_finding


class Refused(APIException):
    """The review was not saved; the detail says why."""

    status_code = 409
    default_code = "refused"


class ReviewsView(APIView):
    """The requesting reader's reviews of a study."""

    parser_classes = [JSONParser]

    @extend_schema(responses={200: {"type": "array", "items": {"type": "object"}}})
    def get(self, request: Request, study: UUID) -> Response:
        """List the current reviews."""
        opened = open_study(request=request._request, study=study)
        return Response(
            [serialize_review(row) for row in reviews_of(study=opened, user=current_user(request._request))]
        )

    @extend_schema(request=ReviewSerializer, responses={201: {"type": "object"}})
    def post(self, request: Request, study: UUID) -> Response:
        """Add a review."""
        opened = open_study(request=request._request, study=study, act=Action.READ)
        sent = ReviewSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        fields: dict[str, Any] = dict(sent.validated_data)
        try:
            row = review_finding(
                study=opened,
                user=current_user(request._request),
                review=ReviewInput(**fields),
                request=request._request,
            )
        except ReviewRefusedError as refused:
            raise Refused(str(refused), code=refused.code) from None
        return Response(serialize_review(row), status=201)


OBJECT = {"type": "object"}


class OutlineView(DrawnView):
    """One outline, by the id that its browser chose: an annotation, and the review that goes with it."""

    kinds = frozenset({Annotation.Kind.OUTLINE})
    act = Action.READ
    largest_bytes = 1 << 20

    @extend_schema(request=OutlineSerializer, responses={200: OBJECT, 201: OBJECT, 409: OBJECT})
    def put(self, request: Request, mark: UUID) -> Response:
        """Create the outline (201) or change it (200); `version` is the one that the client saw, 0 for a new one."""
        given = self.given(request, mark, OutlineSerializer)
        outline, is_new = outline_save(
            mark=mark,
            outline=OutlineInput(
                instance=given["where"].instance,
                frame=given["frame"],
                runs=given["runs"],
                finding=given["finding"],
                label_title=given["label_title"],
                missed=given["missed"],
                is_empty=given["is_empty"],
                figures=given["figures"],
                unit=given["unit"],
            ),
            base_version=given["version"],
            user=current_user(request._request),
            request=request._request,
        )
        body = {
            **serialize_outline(outline),
            "review": serialize_review(outline.review),
            "instead": replaces_other_outline(outline),
        }
        return Response(body, status=201 if is_new else 200)

    @extend_schema(parameters=[OpenApiParameter("version", OpenApiTypes.INT, required=True)], responses={204: None})
    def delete(self, request: Request, mark: UUID) -> Response:
        """Delete the outline; `version` is the one that the client saw. It stays stored, and counts no more."""
        outline_delete(
            mark=mark,
            base_version=self.version_read(request, mark),
            user=current_user(request._request),
            request=request._request,
        )
        return Response(status=204)

    def handle_exception(self, exc: Exception) -> Response:
        """Answer as for an annotation; a refused review is a conflict."""
        if isinstance(exc, ReviewRefusedError):
            exc = Conflict(str(exc), code=exc.code)
        return super().handle_exception(exc)
