"""Queries for annotations, and their JSON."""

from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet

from webapp.imaging.annotations.models import Annotation, AnnotationVersion
from webapp.imaging.archive.models import Study


def annotation_list(*, study: Study) -> list[AnnotationVersion]:
    """Return the current versions of the annotations of a study, without deleted ones, in one query.

    Outlines are left out, too: they belong to a review (see `webapp.reading.reviews.selectors`).
    """
    shown = _now().filter(mark__series__study=study, is_deleted=False).exclude(mark__kind=Annotation.Kind.OUTLINE)
    return list(shown.order_by("mark__series", "mark__instance", "at"))


def current_version(*, mark: UUID) -> AnnotationVersion:
    """Return the current version of an annotation, even if it is deleted.

    Raises
    ------
    AnnotationVersion.DoesNotExist
        If there is no such annotation.
    """
    return _now().select_related("mark__series__study").get(mark=mark)


def annotation_history(*, mark: Annotation) -> list[AnnotationVersion]:
    """Return all versions of an annotation, the oldest first."""
    return list(AnnotationVersion.objects.filter(mark=mark))


def serialize_annotation(now: AnnotationVersion) -> dict[str, Any]:
    """Return the current version of an annotation as JSON."""
    mark = now.mark
    return {
        "id": str(mark.pk),
        "series": str(mark.series_id),
        **_serialize_position(mark),
        "kind": mark.kind,
        "author": mark.author.get_full_name() or mark.author.get_username(),
        "authorId": str(mark.author_id),
        **serialize_version(now),
    }


def serialize_version(version: AnnotationVersion) -> dict[str, Any]:
    """Return the content of one version as JSON."""
    return {
        "points": version.points,
        "text": version.text,
        "figures": version.figures,
        "unit": version.unit,
        "version": version.version,
        "at": version.at.isoformat(),
        "hidden": version.is_deleted,
    }


def _serialize_position(mark: Annotation) -> dict[str, Any]:
    if mark.instance is None:
        return {"frameOfReference": mark.frame_of_reference, "normal": mark.normal}
    return {"sop": mark.instance.sop_instance_uid, "frame": mark.frame}


def _now() -> QuerySet[AnnotationVersion]:
    return AnnotationVersion.objects.filter(version=F("mark__version")).select_related("mark__instance", "mark__author")
