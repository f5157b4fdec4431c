"""Validation of the annotations that browsers send; each refusal is a sentence."""

import math
from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from webapp.imaging.annotations.models import Annotation, AnnotationVersion
from webapp.imaging.annotations.mpr import is_flat

#: Number of points of each kind. Angle: the second point is the vertex. Rectangle: its corners. Ellipse: the ends of
#: its axes. Box: two opposite corners.
POINTS = {
    Annotation.Kind.LENGTH: 2,
    Annotation.Kind.ANGLE: 3,
    Annotation.Kind.RECTANGLE: 4,
    Annotation.Kind.ELLIPSE: 4,
    Annotation.Kind.PROBE: 1,
    Annotation.Kind.BOX: 2,
}
#: Largest coordinate in pixels; no image is larger (PS3.3 C.7.6.3.1: rows and columns are 16 bits).
FAR = 65_535
#: Largest coordinate in mm; no scanner's table is as long.
FAR_MM = 10_000
#: How far the length of a plane's normal may differ from 1.
SKEW = 1e-3
MOST_FIGURES = 16


def _points(axes: int, *, far: float) -> serializers.ListField:
    place = serializers.FloatField(min_value=-far, max_value=far)
    point = serializers.ListField(child=place, min_length=axes, max_length=axes)
    return serializers.ListField(child=point, max_length=max(POINTS.values()))


class DrawnSent(serializers.Serializer[Annotation]):
    """Fields of every drawing that a browser sends: series, measurements, the version it last read, author."""

    series = serializers.UUIDField()
    figures = serializers.DictField(child=serializers.FloatField(min_value=-1e15, max_value=1e15), default=dict)
    unit = serializers.ChoiceField(choices=AnnotationVersion.Unit.choices)
    version = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=0)
    authorId = serializers.CharField(  # noqa: N815 - the name that the browser sends
        max_length=20, required=False, help_text="who drew it; refused where somebody else is signed in by now"
    )

    def validate_figures(self, value: dict[str, float]) -> dict[str, float]:
        """Refuse too many figures, and names that are not one short word."""
        if len(value) > MOST_FIGURES or not all(name.isidentifier() and len(name) <= 40 for name in value):
            raise serializers.ValidationError(f"At most {MOST_FIGURES} figures, named by one short word each.")
        return value


class OnImageSent(DrawnSent):
    """Fields of a drawing on an image."""

    sop = serializers.CharField(max_length=64)
    frame = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class ShapeSent(DrawnSent):
    """Fields of an annotation's shape, on an image or an MPR plane."""

    kind = serializers.ChoiceField(choices=[(kind.value, kind.label) for kind in POINTS])
    text = serializers.CharField(max_length=500, allow_blank=True, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a shape with the wrong number of points."""
        kind = Annotation.Kind(attrs["kind"])
        if len(attrs["points"]) != POINTS[kind]:
            raise serializers.ValidationError(f"{kind.label} takes {POINTS[kind]} points.")
        return attrs


class MarkSent(OnImageSent, ShapeSent):
    """The body of a PUT of a mark on an image; points are pixels."""

    points = _points(2, far=FAR)


class CutMarkSent(ShapeSent):
    """The body of a PUT of a mark on a cut through a volume; points are mm in the patient."""

    kind = serializers.ChoiceField(choices=[(kind.value, kind.label) for kind in POINTS if kind != Annotation.Kind.BOX])
    frameOfReference = serializers.CharField(max_length=64)  # noqa: N815 - the name that the browser sends
    normal = serializers.ListField(child=serializers.FloatField(min_value=-1, max_value=1), min_length=3, max_length=3)
    points = _points(3, far=FAR_MM)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse points that do not lie in one plane, and measurements in pixels: an MPR plane has none."""
        attrs = super().validate(attrs)
        if abs(math.hypot(*attrs["normal"]) - 1) > SKEW:
            raise serializers.ValidationError("The normal of a cut has the length 1.")
        if not is_flat(attrs["points"], attrs["normal"]):
            raise serializers.ValidationError("The points do not lie in the plane of the cut.")
        if attrs["unit"] != AnnotationVersion.Unit.MM:
            raise serializers.ValidationError("Measurements on a reformatted plane are in millimetres.")
        return attrs


def sentence_of(errors: Any, field: str = "") -> str:
    """Return the errors of a serializer as one string of sentences, each preceded by its field."""
    if isinstance(errors, Mapping):
        return " ".join(sentence_of(each, field or str(name)) for name, each in errors.items())
    if isinstance(errors, list):
        return " ".join(dict.fromkeys(sentence_of(each, field) for each in errors if each))
    return str(errors) if field in {"", "detail", "non_field_errors"} else f"{field}: {errors}"
