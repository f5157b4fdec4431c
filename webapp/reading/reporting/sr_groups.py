"""Accepted findings as measurement groups of a structured report: the AI's where agreed, else the reader's."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from highdicom.sr import (
    ImageRegion,
    MeasurementsAndQualitativeEvaluations,
    QualitativeEvaluation,
    RelationshipTypeValues,
    SourceImageForMeasurementGroup,
    TextContentItem,
    TrackingIdentifier,
)
from pydicom.sr.codedict import codes

from webapp.imaging.annotations.models import AnnotationVersion
from webapp.imaging.archive.models import Instance
from webapp.imaging.dicom_objects.codes import ABNORMAL, COMMENT
from webapp.imaging.dicom_objects.finding_annotations import AnnotatedFinding, annotated_findings, place_of
from webapp.imaging.dicom_objects.measurement_groups import Group, finding_group, group_placed, image_named, region_of
from webapp.imaging.dicom_objects.segmentation import Segment
from webapp.imaging.dicom_objects.uids import derive_uid
from webapp.imaging.inference.models import Finding, Run
from webapp.reading.reporting.codes import title_code
from webapp.reading.reporting.models import Report
from webapp.reading.reporting.scoord3d import cut_group, measurements_of
from webapp.reading.reporting.seg_person import DrawnFinding, DrawnSlice
from webapp.reading.reviews.models import Review

#: A region has a size: half a pixel round a point.
LEAST = 0.5
SAID = {
    Review.Decision.AGREE: "Agreed by the reader.",
    Review.Decision.EDIT: "Corrected by the reader.",
    Review.Decision.MISSED: "Found by the reader; the AI did not point at it.",
}
Statement = dict[str, Any]
#: The AI's findings by their number, with the run that told them.
Marked: TypeAlias = Mapping[int, tuple[Run, AnnotatedFinding]]
#: What the reader outlined of one statement, where it went, and where they said that nothing of it lies.
Drawn: TypeAlias = tuple[Sequence[DrawnSlice], Sequence[Segment[DrawnFinding]], Sequence[DrawnSlice]]


def statement_groups(
    report: Report, drawn: Iterable[DrawnFinding] = (), segments: Iterable[Segment[DrawnFinding]] = ()
) -> list[Group]:
    """Return one group that sums up, and one for each accepted finding; nothing of what was not accepted.

    Parameters
    ----------
    drawn, segments
        Which of them the reader outlined, and where each outline went; one that went nowhere is told by its boxes.
    """
    marked = _marked(report)
    outlined = {
        one.number: (one.outlined, [part for part in segments if part.finding is one], one.empty) for one in drawn
    }
    groups = [
        _group(report, number, one, marked, outlined.get(number, ((), (), ())))
        for number, one in enumerate(report.statements, start=1)
    ]
    return [_summary(report), *groups]


def _summary(report: Report) -> Group:
    comes_to = {True: codes.SCT.Abnormal, False: codes.SCT.Normal}
    told = [
        QualitativeEvaluation(name=codes.DCM.Finding, value=value)
        for said, value in comes_to.items()
        if said is report.is_abnormal
    ]
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(uid=derive_uid(report.pk, "summary"), identifier="Summary"),
        qualitative_evaluations=told or None,
    )
    count = len(report.statements)
    _comment(group, [report.signature.meaning, f"{count or 'No'} finding{'' if count == 1 else 's'} accepted."])
    return group


def _comment(group: Group, sentences: Iterable[str]) -> None:
    group[0].ContentSequence.extend(
        TextContentItem(name=COMMENT, value=sentence, relationship_type=RelationshipTypeValues.CONTAINS)
        for sentence in sentences
        if sentence
    )


def _group(report: Report, number: int, one: Statement, marked: Marked, drawn: Drawn) -> Group:
    if one["says"] == Review.Decision.AGREE and one["mark"] is None and one["title"] == one["ai_title"]:
        run, finding = marked[one["finding"]]
        made = finding_group(run, finding, segments=[])
    else:
        made = _reader_group(report, number, one, marked, drawn)
    called = one["ai_title"] and f"The AI called it: {one['ai_title']}"
    _comment(made, [SAID[Review.Decision(one["says"])], called, one["figures"], _outlined(one, marked, drawn)])
    return made


def _reader_group(report: Report, number: int, one: Statement, marked: Marked, drawn: Drawn) -> Group:
    now = AnnotationVersion.objects.select_related("mark__instance").filter(
        mark=one["mark"], version=one["mark_version"]
    )
    mark = now.first() if one["mark"] else None
    finding: Finding | None = marked[one["finding"]][1].row if one["finding"] else None
    said: dict[str, Any] = {
        "tracking_identifier": TrackingIdentifier(
            uid=derive_uid(report.pk, "finding", number), identifier=f"Finding {number}"
        ),
        "finding_category": ABNORMAL,
        "finding_type": title_code(one["title"], finding),
    }
    outlines, segments, empty = drawn
    if mark is not None and len(outlines) <= 1:  # the size on one image is none of several
        said["measurements"] = list(measurements_of(mark))
    if outlines:
        regions = [_region(_corners(each.version), each.instance, each.frame) for each in outlines]
        return group_placed(segments, regions, said)
    if mark is not None and mark.mark.is_on_cut:
        return cut_group(mark, said)
    if mark is not None:
        return group_placed([], [_region(_corners(mark), mark.mark.image, mark.mark.place[1])], said)
    assert finding is not None
    nothing = {place_of(each) for each in empty}
    if finding.box is not None and (finding.instance_id, finding.frame) not in nothing:
        return group_placed([], [_region(finding.box, finding.instance, finding.frame)], said)
    left = [each for each in marked[one["finding"]][1].marks if place_of(each) not in nothing]
    if left:
        return group_placed([], [region_of(each.box, each.instance, each.frame) for each in left], said)
    image = image_named(finding.instance, [finding.frame])
    return MeasurementsAndQualitativeEvaluations(source_images=[SourceImageForMeasurementGroup(*image)], **said)


def _corners(mark: AnnotationVersion) -> list[float]:
    """Return two opposite corners: a mark's points count from the first pixel's centre, a region's from its corner."""
    xs, ys = (sorted(value + 0.5 for value in values) for values in zip(*mark.points, strict=True))
    return [xs[0], ys[0], xs[-1], ys[-1]]  # PS3.3 C.18.6.1


def _region(box: list[float], instance: Instance, frame: int) -> ImageRegion:
    x0, y0, x1, y1 = box
    x0, x1 = (x0, x1) if x1 > x0 else (x0 - LEAST, x1 + LEAST)
    y0, y1 = (y0, y1) if y1 > y0 else (y0 - LEAST, y1 + LEAST)
    return region_of([max(edge, 0.0) for edge in (x0, y0, x1, y1)], instance, frame)


def _outlined(one: Statement, marked: Marked, drawn: Drawn) -> str:
    """Say on how many images the reader drew, or said that nothing lies there, and where the AI's outline stands."""
    outlines, _, empty = drawn
    if not outlines and not empty:
        return ""
    here = {place_of(each) for each in (*outlines, *empty)}
    theirs = marked[one["finding"]][1].outlined if one["finding"] else []
    left = sum(place_of(mark) not in here for mark in theirs)
    told = [
        f"Outlined by a person on {_images(len(outlines))}." * bool(outlines),
        f"Nothing to outline on {_images(len(empty))}, a person says." * bool(empty),
        f"On {left} more the AI's outline stands." * bool(left),
    ]
    return " ".join(sentence for sentence in told if sentence)


def _images(count: int) -> str:
    return f"{count} image{'' if count == 1 else 's'}"


def _marked(report: Report) -> Marked:
    wanted = [one["finding"] for one in report.statements if one["finding"]]
    runs = Run.objects.filter(findings__in=wanted).distinct().prefetch_related("stages")
    return {finding.row.pk: (run, finding) for run in runs for finding in annotated_findings(run)}
