"""REST and pictures of outlines: saving one with what it says, taking it away, and its mask."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from webapp.foundation.accounts.access import current_user
from webapp.foundation.accounts.permissions import Action
from webapp.foundation.audit.services import study_view_record
from webapp.imaging.annotations.api import Conflict, DrawnView
from webapp.imaging.annotations.masks import MOST_RUNS
from webapp.imaging.annotations.models import Annotation
from webapp.imaging.annotations.serializers import OnImageSent
from webapp.imaging.archive.access import open_study
from webapp.imaging.inference.image_views import serve_drawing
from webapp.reading.reviews.segmentation_selectors import is_instead
from webapp.reading.reviews.segmentation_services import Sent, outline_hide, outline_save
from webapp.reading.reviews.selectors import outlines_shown, reads_seen, serialize_outline, serialize_review
from webapp.reading.reviews.services import ReviewRefusedError
from workers import storage

TOLD = {"type": "object"}


class OutlineSent(OnImageSent):
    """The body of a PUT of an outline."""

    runs = serializers.JSONField(help_text=f"[outside, inside, outside, ...] in pixels, at most {MOST_RUNS}")
    finding = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=0)
    label_title = serializers.CharField(max_length=80, allow_blank=True, default="")
    missed = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="the outline drawn first of what the AI missed"
    )
    is_empty = serializers.BooleanField(
        default=False, help_text="nothing of the finding lies on this image; without it an empty outline is refused"
    )

    def validate_runs(self, value: object) -> list[object]:
        """Refuse what is no list; what stands in it is looked at with the image."""
        if not isinstance(value, list):
            raise serializers.ValidationError("A list of whole numbers.")
        return value


class OutlineView(DrawnView):
    """One outline, by the id that its browser chose: as a mark, and a verdict goes with it."""

    kinds = frozenset({Annotation.Kind.OUTLINE})
    act = Action.READ
    largest_bytes = 1 << 20

    @extend_schema(request=OutlineSent, responses={200: TOLD, 201: TOLD, 409: TOLD})
    def put(self, request: Request, mark: UUID) -> Response:
        """Make the outline (201) or change it (200); `version` is the one that was read, 0 for a new one."""
        given = self.given(request, mark, OutlineSent)
        outline, is_new = outline_save(
            mark=mark,
            sent=Sent(
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
            read=given["version"],
            user=current_user(request._request),
            request=request._request,
        )
        told = {
            **serialize_outline(outline),
            "review": serialize_review(outline.verdict),
            "instead": is_instead(outline),
        }
        return Response(told, status=201 if is_new else 200)

    @extend_schema(parameters=[OpenApiParameter("version", OpenApiTypes.INT, required=True)], responses={204: None})
    def delete(self, request: Request, mark: UUID) -> Response:
        """Take the outline away; `version` is the one that was read. It is kept, and counts no more."""
        outline_hide(
            mark=mark,
            read=self.version_read(request, mark),
            user=current_user(request._request),
            request=request._request,
        )
        return Response(status=204)

    def handle_exception(self, exc: Exception) -> Response:
        """Answer as a mark does, and what is not said because of the read."""
        return super().handle_exception(
            Conflict(str(exc), code=exc.code) if isinstance(exc, ReviewRefusedError) else exc
        )


@require_GET
def outline_mask(request: HttpRequest, study: UUID, mark: UUID, version: int) -> HttpResponse:
    """Serve the mask of an outline that counts, as PNG: white inside. One that others may not see yet is like none."""
    opened, user = open_study(request=request, study=study), current_user(request)
    shown = outlines_shown(reads_seen(study=opened, user=user))
    found = next((one for one in shown if (one.mark.pk, one.version.version) == (mark, version)), None)
    if found is None:
        raise Http404
    study_view_record(user=user, request=request, study=opened.pk)
    return serve_drawing(request, storage.mask_path(found.version.mask), tag=found.version.mask)
