"""Writing marks: nothing is overwritten, nothing is lost, the same request twice is one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest

from webapp.foundation.accounts.models import User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.imaging.annotations.models import Annotation, AnnotationVersion
from webapp.imaging.annotations.selectors import current_version
from webapp.imaging.archive.models import Instance, Series


class AnnotationRefusedError(Exception):
    """A mark stays as it is; the message is for the one who drew."""


class NotTheAuthorError(AnnotationRefusedError):
    """Somebody else drew it."""


class ChangedMeanwhileError(AnnotationRefusedError):
    """What the author's screen showed is not what the mark says by now."""

    def __init__(self, now: AnnotationVersion) -> None:
        what = "taken away" if now.is_deleted else "changed"
        super().__init__(f"This annotation was {what} in another window meanwhile. Nothing was overwritten.")
        self.now = now


@dataclass(frozen=True)
class OnImage:
    """Where a mark lies: on an image, `frame` from 1."""

    instance: Instance
    frame: int

    @property
    def fields(self) -> dict[str, Any]:
        """Return what a mark keeps of it for good."""
        return {"series_id": self.instance.series_id, "instance_id": self.instance.pk, "frame": self.frame}


@dataclass(frozen=True)
class OnCut:
    """Where a mark lies: in the patient, on a plane through the volume of a series; `normal` as `Annotation.normal`."""

    series: Series
    frame_of_reference: str
    normal: Sequence[float]

    @property
    def fields(self) -> dict[str, Any]:
        """Return what a mark keeps of it for good."""
        return {
            "series_id": self.series.pk,
            "instance_id": None,
            "frame_of_reference": self.frame_of_reference,
            "normal": list(self.normal),
        }


@dataclass(frozen=True)
class Said:
    """What a mark says: points (as `AnnotationVersion.points`), text, figures, unit, an outline's mask."""

    points: Sequence[Sequence[float]]
    text: str
    figures: Mapping[str, float]
    unit: str
    is_deleted: bool = False
    mask: str = ""

    def is_in(self, row: AnnotationVersion) -> bool:
        """Say whether a version says just this."""
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
    """Make a mark, or add a version to it.

    Parameters
    ----------
    mark
        Its id, chosen by the browser.
    where, kind
        The image or the cut, and what was drawn; a mark keeps them for good.
    said
        What it is to say.
    read
        The version that the author's screen showed; 0 for a new mark.
    user, request
        Who draws.

    Returns
    -------
    tuple of MarkVersion and bool
        What the mark says now, and whether it was made by this. What was sent before is not written again.

    Raises
    ------
    NotTheAuthorError
        If somebody else drew it.
    ChangedMeanwhileError
        If its version is not `read` any more and it says something else.
    MarkRefusedError
        If the mark lies on another image or cut, or is of another kind.
    """
    # One who makes it at the same moment waits here (PostgreSQL); SQLite's writers stand in line by themselves.
    made, is_new = Annotation.objects.select_for_update(of=("self",)).get_or_create(
        pk=mark, defaults={**where.fields, "kind": kind, "author": user}
    )
    if made.author_id != user.pk:
        raise NotTheAuthorError("This annotation belongs to another user; only they can change it.")
    if made.kind != kind or any(getattr(made, name) != value for name, value in where.fields.items()):
        raise AnnotationRefusedError("An annotation keeps its image, plane and type. Draw a new one instead.")
    if not is_new:
        now = current_version(mark=mark)
        if said.is_in(now):
            return now, False
        if now.version != read:
            raise ChangedMeanwhileError(now)
    return _version_add(made, said, user=user, request=request), is_new


@transaction.atomic
def annotation_delete(*, mark: UUID, read: int, user: User, request: HttpRequest) -> AnnotationVersion:
    """Take a mark away: it is kept, and shown no more.

    Raises
    ------
    NotTheAuthorError, ChangedMeanwhileError
        As `annotation_save`.
    """
    made = Annotation.objects.select_for_update(of=("self",)).get(pk=mark)
    if made.author_id != user.pk:
        raise NotTheAuthorError("This annotation belongs to another user; only they can delete it.")
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
