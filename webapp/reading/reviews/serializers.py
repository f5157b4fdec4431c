"""Reviews and outlines as JSON: what the API returns, and the request bodies that it accepts."""

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from webapp.imaging.annotations.masks import MOST_RUNS
from webapp.imaging.annotations.serializers import OnImageSent
from webapp.reading.reviews.models import Reason, Review
from webapp.reading.reviews.selectors import Outline, key_of
from webapp.reading.reviews.services import ReviewInput


def serialize_review(row: Review) -> dict[str, Any]:
    """Return a review as JSON."""
    return {
        "finding": row.finding_id,
        "mark": str(row.mark_id) if row.mark_id else None,
        "missed": str(row.missed_group) if row.missed_group else None,
        "says": row.says,
        "words": row.get_says_display(),
        "reasons": row.reasons,
        "label": row.label_title,
        "comment": row.comment,
        "at": row.at.isoformat(),
    }


def serialize_outline(one: Outline) -> dict[str, Any]:
    """Return an outline as JSON."""
    mark, version = one.mark, one.version
    address = reverse("outline-mask", args=[one.read.study_id, mark.pk, version.version])
    return {
        "id": str(mark.pk),
        "series": str(mark.series_id),
        "sop": mark.image.sop_instance_uid,
        "frame": mark.frame,
        "finding": one.review.finding_id,
        "missed": None if one.review.finding_id else str(key_of(one.review)[1]),
        "label": one.review.label_title,
        "author": mark.author.get_full_name() or mark.author.get_username(),
        "authorId": str(mark.author_id),
        "version": version.version,
        "figures": version.figures,
        "unit": version.unit,
        "box": [edge for corner in version.points for edge in corner] or None,
        "mask": address,
        "at": version.at.isoformat(),
    }


class ReviewSerializer(serializers.Serializer[ReviewInput]):
    """Request body of a new review."""

    says = serializers.ChoiceField(choices=Review.Decision.choices)
    finding = serializers.IntegerField(required=False, min_value=0)
    mark = serializers.UUIDField(required=False)
    reasons = serializers.ListField(
        child=serializers.ChoiceField(choices=Reason.choices), required=False, max_length=10
    )
    label_title = serializers.CharField(required=False, allow_blank=True, max_length=80)
    comment = serializers.CharField(required=False, allow_blank=True, max_length=500)


class OutlineSerializer(OnImageSent):
    """Request body of a PUT of an outline."""

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
        """Refuse anything but a list; its items are checked against the image later."""
        if not isinstance(value, list):
            raise serializers.ValidationError("A list of whole numbers.")
        return value
