"""The findings of a run with their regions and masks, the input of the object builders."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from webapp.imaging.annotations.masks import Mask, open_mask
from webapp.imaging.archive.models import Instance
from webapp.imaging.inference.models import Finding, FindingRegion, Run, Stage
from workers.storage import Attempt

#: Identifies a slice by instance id and frame (from 0), whatever arrives later.
Place = tuple[UUID, int]


class OutlinedSlice(Protocol):
    """An outline on one slice, by a network or a person."""

    @property
    def instance(self) -> Instance:
        """The image outlined."""

    @property
    def instance_id(self) -> UUID:
        """The id of the image."""

    @property
    def frame(self) -> int:
        """The frame, from 0."""

    @property
    def mask(self) -> str:
        """The name under which its mask is stored."""


class Outlined(Protocol):
    """Something that is outlined on one or more slices."""

    @property
    def outlined(self) -> Sequence[OutlinedSlice]:
        """Its outlines, at most one per slice."""


@dataclass(frozen=True, eq=False)
class AnnotatedFinding(Outlined):
    """One finding with its regions.

    Attributes
    ----------
    number
        The finding's number on the study page, from 1.
    marks
        Its regions, in slice order; for a finding that predates stored regions, the one on its clearest slice. Empty
        if whole slices were classified.
    stage, outliner
        The stage that detected it, and the stage that outlined it (the same one if no other is known).
    """

    number: int
    row: Finding
    marks: list[FindingRegion]
    stage: Stage
    outliner: Stage

    @property
    def clearest(self) -> Place:
        """The slice on which it is most conspicuous."""
        return self.row.instance_id, self.row.frame

    @property
    def outlined(self) -> list[FindingRegion]:
        """Its regions that have a mask."""
        return [mark for mark in self.marks if mark.mask]


def place_of(mark: FindingRegion | OutlinedSlice) -> Place:
    """Return the slice on which a region or outline lies."""
    return mark.instance_id, mark.frame


def annotated_findings(run: Run) -> list[AnnotatedFinding]:
    """Return the findings of a run, the most urgent first."""
    stages = {stage.name: stage for stage in run.stages.all()}
    rows = run.findings.select_related("instance").prefetch_related("marks__instance")
    return [
        AnnotatedFinding(
            number,
            row,
            marks_of(row),
            stages[row.stage],
            stages.get(row.outlined_by, stages[row.stage]),
        )
        for number, row in enumerate(rows, start=1)
    ]


def marks_of(row: Finding) -> list[FindingRegion]:
    """Return the regions of a finding, in slice order; if it predates stored regions, that of its clearest slice."""
    return list(row.marks.all()) or _only_mark(row)


def mask_read(run: Run, name: str) -> Mask:
    """Return a mask of a run, shape (rows, columns); raises as `annotations.masks.open_mask`."""
    return open_mask(Attempt(run.pk, run.attempt).out / name)


def _only_mark(row: Finding) -> list[FindingRegion]:
    if row.box is None:
        return []
    return [
        FindingRegion(finding=row, slice=row.slice, instance=row.instance, frame=row.frame, box=row.box, mask=row.mask)
    ]
