"""The findings of a run with their marks and masks, as objects are made of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from webapp.imaging.annotations.masks import Mask, open_mask
from webapp.imaging.archive.models import Instance
from webapp.imaging.inference.models import Finding, FindingRegion, Run, Stage
from workers.storage import Attempt

#: Object and frame (from 0): which slice it is, whatever came later.
Place = tuple[UUID, int]


class OutlinedSlice(Protocol):
    """An outline on one slice, whoever drew it."""

    @property
    def instance(self) -> Instance:
        """The image."""

    @property
    def instance_id(self) -> UUID:
        """Of the image."""

    @property
    def frame(self) -> int:
        """From 0."""

    @property
    def mask(self) -> str:
        """The name under which its drawer kept it."""


class Outlined(Protocol):
    """One thing with its outlines."""

    @property
    def outlined(self) -> Sequence[OutlinedSlice]:
        """Its outlines, at most one a slice."""


@dataclass(frozen=True, eq=False)
class AnnotatedFinding(Outlined):
    """One finding.

    Attributes
    ----------
    number
        As the page counts, from 1.
    marks
        In slice order; of a finding told before marks were kept, the one of its clearest slice. None where
        whole slices were judged.
    stage, outliner
        Who found it, and who outlined it (the finder, where nobody else is known).
    """

    number: int
    row: Finding
    marks: list[FindingRegion]
    stage: Stage
    outliner: Stage

    @property
    def clearest(self) -> Place:
        """The slice on which it is seen best."""
        return self.row.instance_id, self.row.frame

    @property
    def outlined(self) -> list[FindingRegion]:
        """Its marks that have a mask."""
        return [mark for mark in self.marks if mark.mask]


def place_of(mark: FindingRegion | OutlinedSlice) -> Place:
    """Return the slice that a mark is on."""
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
    """Return the marks of a finding, in slice order; of one told before marks were kept, that of its clearest slice."""
    return list(row.marks.all()) or _only_mark(row)


def mask_read(run: Run, name: str) -> Mask:
    """Return a mask that a run drew, shape (rows, columns); raises as `annotations.masks.open_mask`."""
    return open_mask(Attempt(run.pk, run.attempt).out / name)


def _only_mark(row: Finding) -> list[FindingRegion]:
    if row.box is None:
        return []
    return [
        FindingRegion(finding=row, slice=row.slice, instance=row.instance, frame=row.frame, box=row.box, mask=row.mask)
    ]
