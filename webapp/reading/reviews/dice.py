"""Keeping how far outlines lie over each other: masks are read once, when a read is finished, not for every look."""

from collections.abc import Iterable, Mapping, Sequence

from webapp.imaging.annotations.masks import MaskError
from webapp.imaging.dicom_objects.finding_annotations import marks_of
from webapp.imaging.inference.models import Finding, Stage
from webapp.reading.reviews.agreement import dice
from webapp.reading.reviews.models import OutlineOverlap, Read
from webapp.reading.reviews.segmentation_selectors import masks_of
from webapp.reading.reviews.selectors import Accepted

#: The model of a finding's outline, and its version.
Outliner = tuple[str, str]


def with_ai_keep(read: Read, accepted: Iterable[Accepted]) -> None:
    """Keep how far what a reader takes for real lies over what the AI outlined.

    Left out is what the AI did not outline, where the reader drew a box instead, and an outline that is lost.
    """
    rows = [
        OutlineOverlap(finding=one.finding, read=read, is_drawn=bool(one.outlines), dice=overlap)
        for one in accepted
        if one.finding and (overlap := _with_ai(one.finding, one)) is not None
    ]
    _keep(rows)


def between_readers_keep(read: Read, other: Read, overlaps: Sequence[tuple[Finding, float]]) -> None:
    """Keep how far two readers' outlines of findings lie over each other; one of the two at least was drawn."""
    _keep([OutlineOverlap(finding=one, read=read, other=other, is_drawn=True, dice=value) for one, value in overlaps])


def _with_ai(finding: Finding, one: Accepted) -> float | None:
    if not any(mark.mask for mark in marks_of(finding)) or one.is_marked:
        return None
    if not one.outlines:
        return 1.0
    try:
        return dice(masks_of(finding, ()), masks_of(finding, one.outlines))
    except MaskError:
        return None


def _keep(rows: Sequence[OutlineOverlap]) -> None:
    outliners = _outliners([row.finding for row in rows])
    for row in rows:
        row.model, row.version = outliners.get(row.finding_id, ("", ""))
        row.dice = round(row.dice, 4)
    OutlineOverlap.objects.bulk_create(rows)


def _outliners(findings: Sequence[Finding]) -> Mapping[int, Outliner]:
    """Return by which model each finding was outlined; by its finder, where nobody else is known."""
    stages = Stage.objects.filter(run__in={finding.run_id for finding in findings})
    told = {
        (run, name): (model, version)
        for run, name, model, version in stages.values_list("run", "name", "model", "version")
    }
    named = {one.pk: told.get((one.run_id, one.outlined_by)) or told.get((one.run_id, one.stage)) for one in findings}
    return {number: outliner for number, outliner in named.items() if outliner}
