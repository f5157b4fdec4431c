"""Saving and deleting annotations: every change adds a version, and repeating a request changes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest

from webapp.foundation.accounts.models import User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.foundation.core.refusals import Refusal, RefusalReason
from webapp.imaging.annotations.models import Annotation, AnnotationVersion
from webapp.imaging.annotations.selectors import current_version
from webapp.imaging.archive.models import Instance, Series


class AnnotationRefusedError(Refusal):
    """The change is refused and the annotation stays as it is; the message is for the user."""


class NotTheAuthorError(AnnotationRefusedError):
    """The annotation belongs to another user."""


class ChangedMeanwhileError(AnnotationRefusedError):
    """The annotation has changed since the author's browser read it; `now` is its current version."""

    def __init__(self, now: AnnotationVersion) -> None:
        what = "deleted" if now.is_deleted else "changed"
        super().__init__(
            RefusalReason(
                "changed-meanwhile", f"This annotation was {what} in another window meanwhile. Nothing was overwritten."
            )
        )
        self.now = now


@dataclass(frozen=True)
class OnImage:
    """Position of an annotation on an image; `frame` counts from 1."""

    instance: Instance
    frame: int

    @property
    def fields(self) -> dict[str, Any]:
        """Return the fields of `Annotation` that hold the position."""
        return {"series_id": self.instance.series_id, "instance_id": self.instance.pk, "frame": self.frame}


@dataclass(frozen=True)
class OnCut:
    """Position of an annotation on an MPR plane through the volume of a series; `normal` as `Annotation.normal`."""

    series: Series
    frame_of_reference: str
    normal: Sequence[float]

    @property
    def fields(self) -> dict[str, Any]:
        """Return the fields of `Annotation` that hold the position."""
        return {
            "series_id": self.series.pk,
            "instance_id": None,
            "frame_of_reference": self.frame_of_reference,
            "normal": list(self.normal),
        }


@dataclass(frozen=True)
class Said:
    """Content of an annotation: points (as `AnnotationVersion.points`), text, figures, unit, an outline's mask."""

    points: Sequence[Sequence[float]]
    text: str
    figures: Mapping[str, float]
    unit: str
    is_deleted: bool = False
    mask: str = ""

    def is_in(self, row: AnnotationVersion) -> bool:
        """Return whether a version has exactly this content."""
        mine = ([list(point) for point in self.points], self.text, dict(self.figures), self.unit, self.is_deleted)
        return (*mine, self.mask) == (row.points, row.text, row.figures, row.unit, row.is_deleted, row.mask)


@transaction.atomic
def annotation_save(
    *,
    mark: UUID,
    where: OnImage | OnCut,
    kind: str,
    said: Said,
    read: int,
    user: User,
    request: HttpRequest,
) -> tuple[AnnotationVersion, bool]:
    """Create an annotation, or add a version to it.

    Parameters
    ----------
    mark
        Its id, chosen by the browser.
    where, kind
        The image or MPR plane, and the kind of shape; both are fixed once the annotation is created.
    said
        Its new content.
    read
        The version that the author's browser last read; 0 for a new annotation.
    user, request
        The author.

    Returns
    -------
    tuple of AnnotationVersion and bool
        The current version, and whether this call created the annotation. Content equal to the current version's adds
        no version.

    Raises
    ------
    NotTheAuthorError
        If the annotation belongs to another user.
    ChangedMeanwhileError
        If its current version is no longer `read` and has other content.
    AnnotationRefusedError
        If the annotation lies on another image or plane, or is of another kind.
    """
    # A concurrent request for the same annotation waits here (PostgreSQL); SQLite serialises its writers anyway.
    made, is_new = Annotation.objects.select_for_update(of=("self",)).get_or_create(
        pk=mark, defaults={**where.fields, "kind": kind, "author": user}
    )
    if made.author_id != user.pk:
        raise NotTheAuthorError(
            RefusalReason("not-the-author", "This annotation belongs to another user; only they can change it.")
        )
    if made.kind != kind or any(getattr(made, name) != value for name, value in where.fields.items()):
        raise AnnotationRefusedError(
            RefusalReason("annotation-moved", "An annotation keeps its image, plane and type. Draw a new one instead.")
        )
    if not is_new:
        now = current_version(mark=mark)
        if said.is_in(now):
            return now, False
        if now.version != read:
            raise ChangedMeanwhileError(now)
    return _version_add(made, said, user=user, request=request), is_new


@transaction.atomic
def annotation_delete(*, mark: UUID, read: int, user: User, request: HttpRequest) -> AnnotationVersion:
    """Mark an annotation as deleted: all its versions are kept, but it is no longer shown.

    Raises
    ------
    NotTheAuthorError, ChangedMeanwhileError
        As `annotation_save`.
    """
    made = Annotation.objects.select_for_update(of=("self",)).get(pk=mark)
    if made.author_id != user.pk:
        raise NotTheAuthorError(
            RefusalReason("not-the-author", "This annotation belongs to another user; only they can delete it.")
        )
    now = current_version(mark=mark)
    if now.is_deleted:
        return now
    if now.version != read:
        raise ChangedMeanwhileError(now)
    gone = Said(now.points, now.text, now.figures, now.unit, is_deleted=True, mask=now.mask)
    return _version_add(made, gone, user=user, request=request)


def _version_add(mark: Annotation, said: Said, *, user: User, request: HttpRequest) -> AnnotationVersion:
    mark.version += 1
    mark.save(update_fields=["version"])
    row = AnnotationVersion.objects.create(
        mark=mark,
        version=mark.version,
        points=said.points,
        text=said.text,
        figures=said.figures,
        unit=said.unit,
        is_deleted=said.is_deleted,
        mask=said.mask,
    )
    audit_record(
        code=Code.MARK_HIDDEN if said.is_deleted else Code.MARK_SAVED,
        user=user,
        request=request,
        study=mark.series.study_id,
        details=f"{mark.kind} {mark.pk}, version {mark.version}",
    )
    return row
