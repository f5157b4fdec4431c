"""Reading marks."""

from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet

from webapp.imaging.annotations.models import Mark, MarkVersion
from webapp.imaging.archive.models import Study


def mark_list(*, study: Study) -> list[MarkVersion]:
    """Return what the marks of a study say now, those taken away left out: one query.

    Outlines are left out too: they belong to a verdict, see `webapp.reading.reviews.segmentation_selectors`.
    """
    shown = _now().filter(mark__series__study=study, is_hidden=False).exclude(mark__kind=Mark.Kind.OUTLINE)
    return list(shown.order_by("mark__series", "mark__instance", "at"))


def mark_now(*, mark: UUID) -> MarkVersion:
    """Return what a mark says now, also when it was taken away.

    Raises
    ------
    MarkVersion.DoesNotExist
        If there is no such mark.
    """
    return _now().select_related("mark__series__study").get(mark=mark)


def mark_history(*, mark: Mark) -> list[MarkVersion]:
    """Return all that a mark ever said, the first version first."""
    return list(MarkVersion.objects.filter(mark=mark))


def mark_told(now: MarkVersion) -> dict[str, Any]:
    """Return a mark as programs read it."""
    mark = now.mark
    return {
        "id": str(mark.pk),
        "series": str(mark.series_id),
        **_place_told(mark),
        "kind": mark.kind,
        "author": mark.author.get_full_name() or mark.author.get_username(),
        "authorId": str(mark.author_id),
        **version_told(now),
    }


def version_told(version: MarkVersion) -> dict[str, Any]:
    """Return one version of a mark as programs read it."""
    return {
        "points": version.points,
        "text": version.text,
        "figures": version.figures,
        "unit": version.unit,
        "version": version.version,
        "at": version.at.isoformat(),
        "hidden": version.is_hidden,
    }


def _place_told(mark: Mark) -> dict[str, Any]:
    if mark.instance is None:
        return {"frameOfReference": mark.frame_of_reference, "normal": mark.normal}
    return {"sop": mark.instance.sop_instance_uid, "frame": mark.frame}


def _now() -> QuerySet[MarkVersion]:
    return MarkVersion.objects.filter(version=F("mark__version")).select_related("mark__instance", "mark__author")
