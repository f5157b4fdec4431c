"""Accepted findings as measurement groups of a structured report: the AI's where agreed, else the reader's."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from highdicom.sr import (
    CoordinatesForMeasurement3D,
    GraphicTypeValues3D,
    ImageRegion,
    ImageRegion3D,
    Measurement,
    MeasurementsAndQualitativeEvaluations,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    QualitativeEvaluation,
    RelationshipTypeValues,
    SourceImageForMeasurementGroup,
    TextContentItem,
    TrackingIdentifier,
)
from numpy.typing import NDArray
from pydicom.sr.codedict import codes

from webapp.imaging.annotations.models import Annotation, AnnotationVersion
from webapp.imaging.archive.models import Instance
from webapp.imaging.dicom_objects.codes import ABNORMAL, COMMENT
from webapp.imaging.dicom_objects.finding_annotations import AnnotatedFinding, annotated_findings, place_of
from webapp.imaging.dicom_objects.segmentation import Segment
from webapp.imaging.dicom_objects.sr_ai import Group, finding_group, group_placed, image_named, region_of
from webapp.imaging.dicom_objects.uids import derive_uid
from webapp.imaging.inference.models import Finding, Run
from webapp.reading.reporting.models import Report
from webapp.reading.reporting.seg_person import DrawnFinding, DrawnSlice
from webapp.reading.reporting.uids import title_code
from webapp.reading.reviews.models import Review

#: Figures that have a code and, where the image is calibrated, a unit.
FIGURES = {
    "length": (codes.SCT.Length, codes.UCUM.Millimeter),
    "area": (codes.SCT.Area, codes.UCUM.SquareMillimeter),
    "angle": (codes.SCT.Angle, codes.UCUM.Degree),
}
#: What is a line, no region: its places belong to the figure that was measured along it.
LINES = frozenset({Annotation.Kind.LENGTH, Annotation.Kind.ANGLE})
#: A viewer's rectangle names its corners line by line; going round it, the last two change places.
ROUND = [0, 1, 3, 2, 0]
#: A region has a size: half a pixel round a point.
LEAST = 0.5
DECISION_SENTENCES = {
    Review.Decision.AGREE: "Agreed by the reader.",
    Review.Decision.EDIT: "Corrected by the reader.",
    Review.Decision.MISSED: "Found by the reader; the AI did not point at it.",
}
StatementData = dict[str, Any]
#: The AI's findings by their id, with their run.
AiFindings: TypeAlias = Mapping[int, tuple[Run, AnnotatedFinding]]
#: Of one statement: the reader's outlines, their segments, and the empty outlines.
Drawn: TypeAlias = tuple[Sequence[DrawnSlice], Sequence[Segment[DrawnFinding]], Sequence[DrawnSlice]]


def statement_groups(
    report: Report, drawn: Iterable[DrawnFinding] = (), segments: Iterable[Segment[DrawnFinding]] = ()
) -> list[Group]:
    """Return a summary group, and one group for each accepted finding.

    Parameters
    ----------
    drawn, segments
        The outlined findings, and the segments of their outlines; outlines without a segment become boxes.
    """
    ai_findings = _ai_findings(report)
    outlined = {
        one.number: (one.outlined, [part for part in segments if part.finding is one], one.empty) for one in drawn
    }
    groups = [
        _group(report, number, one, ai_findings, outlined.get(number, ((), (), ())))
        for number, one in enumerate(report.statements, start=1)
    ]
    return [_summary(report), *groups]


def _summary(report: Report) -> Group:
    conclusions = {True: codes.SCT.Abnormal, False: codes.SCT.Normal}
    evaluations = [
        QualitativeEvaluation(name=codes.DCM.Finding, value=value)
        for is_abnormal, value in conclusions.items()
        if is_abnormal is report.is_abnormal
    ]
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(uid=derive_uid(report.pk, "summary"), identifier="Summary"),
        qualitative_evaluations=evaluations or None,
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


def _group(report: Report, number: int, one: StatementData, ai_findings: AiFindings, drawn: Drawn) -> Group:
    if one["says"] == Review.Decision.AGREE and one["mark"] is None and one["title"] == one["ai_title"]:
        run, finding = ai_findings[one["finding"]]
        group = finding_group(run, finding, segments=[])
    else:
        group = _group_by_reader(report, number, one, ai_findings, drawn)
    called = one["ai_title"] and f"The AI called it: {one['ai_title']}"
    _comment(
        group,
        [
            DECISION_SENTENCES[Review.Decision(one["says"])],
            called,
            one["figures"],
            _describe_outlines(one, ai_findings, drawn),
        ],
    )
    return group


def _group_by_reader(report: Report, number: int, one: StatementData, ai_findings: AiFindings, drawn: Drawn) -> Group:
    now = AnnotationVersion.objects.select_related("mark__instance").filter(
        mark=one["mark"], version=one["mark_version"]
    )
    mark = now.first() if one["mark"] else None
    finding: Finding | None = ai_findings[one["finding"]][1].row if one["finding"] else None
    content: dict[str, Any] = {
        "tracking_identifier": TrackingIdentifier(
            uid=derive_uid(report.pk, "finding", number), identifier=f"Finding {number}"
        ),
        "finding_category": ABNORMAL,
        "finding_type": title_code(one["title"], finding),
    }
    outlines, segments, empty = drawn
    if mark is not None and len(outlines) <= 1:  # the size on one image is none of several
        content["measurements"] = list(measurements_of(mark))
    if outlines:
        regions = [_region(_corners(each.version), each.instance, each.frame) for each in outlines]
        return group_placed(segments, regions, content)
    if mark is not None and mark.mark.is_on_cut:
        return mpr_group(mark, content)
    if mark is not None:
        return group_placed([], [_region(_corners(mark), mark.mark.image, mark.mark.place[1])], content)
    assert finding is not None
    nothing = {place_of(each) for each in empty}
    if finding.box is not None and (finding.instance_id, finding.frame) not in nothing:
        return group_placed([], [_region(finding.box, finding.instance, finding.frame)], content)
    remaining = [each for each in ai_findings[one["finding"]][1].marks if place_of(each) not in nothing]
    if remaining:
        return group_placed([], [region_of(each.box, each.instance, each.frame) for each in remaining], content)
    image = image_named(finding.instance, [finding.frame])
    return MeasurementsAndQualitativeEvaluations(source_images=[SourceImageForMeasurementGroup(*image)], **content)


def _corners(mark: AnnotationVersion) -> list[float]:
    """Return two opposite corners: a mark's points count from the first pixel's centre, a region's from its corner."""
    xs, ys = (sorted(value + 0.5 for value in values) for values in zip(*mark.points, strict=True))
    return [xs[0], ys[0], xs[-1], ys[-1]]  # PS3.3 C.18.6.1


def _region(box: list[float], instance: Instance, frame: int) -> ImageRegion:
    x0, y0, x1, y1 = box
    x0, x1 = (x0, x1) if x1 > x0 else (x0 - LEAST, x1 + LEAST)
    y0, y1 = (y0, y1) if y1 > y0 else (y0 - LEAST, y1 + LEAST)
    return region_of([max(edge, 0.0) for edge in (x0, y0, x1, y1)], instance, frame)


def _describe_outlines(one: StatementData, ai_findings: AiFindings, drawn: Drawn) -> str:
    """Describe on how many images the reader outlined something or nothing, and where the AI's outline is unchanged."""
    outlines, _, empty = drawn
    if not outlines and not empty:
        return ""
    here = {place_of(each) for each in (*outlines, *empty)}
    theirs = ai_findings[one["finding"]][1].outlined if one["finding"] else []
    remaining = sum(place_of(mark) not in here for mark in theirs)
    sentences = [
        f"Outlined by a person on {_count_images(len(outlines))}." * bool(outlines),
        f"Nothing to outline on {_count_images(len(empty))}, a person says." * bool(empty),
        f"On {remaining} more the AI's outline stands." * bool(remaining),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _count_images(count: int) -> str:
    return f"{count} image{'' if count == 1 else 's'}"


def _ai_findings(report: Report) -> AiFindings:
    wanted = [one["finding"] for one in report.statements if one["finding"]]
    runs = Run.objects.filter(findings__in=wanted).distinct().prefetch_related("stages")
    return {finding.row.pk: (run, finding) for run in runs for finding in annotated_findings(run)}


def mpr_group(mark: AnnotationVersion, content: dict[str, Any]) -> Group:
    """Return the group of an annotation on a cut through the volume.

    A length or an angle is a measurement with its places (PS3.16 TID 1501, TID 320), all else a region (TID 1410).

    Parameters
    ----------
    content
        Other arguments of the group, as highdicom takes them.
    """
    graphic, places = _graphic(mark)
    frame_of_reference = mark.mark.frame_of_reference
    measurements = list(measurements_of(mark, [CoordinatesForMeasurement3D(graphic, places, frame_of_reference)]))
    if mark.mark.kind in LINES and measurements:
        return MeasurementsAndQualitativeEvaluations(**{**content, "measurements": measurements})
    region = ImageRegion3D(graphic, places, frame_of_reference)
    return PlanarROIMeasurementsAndQualitativeEvaluations(referenced_region=region, **content)


def measurements_of(
    mark: AnnotationVersion, places: list[CoordinatesForMeasurement3D] | None = None
) -> Iterable[Measurement]:
    """Yield the figures that have a unit as measurements at these places; figures in pixels stay words."""
    for name, (concept, unit) in FIGURES.items():
        if name in mark.figures and (mark.unit == AnnotationVersion.Unit.MM or name == "angle"):
            value = mark.figures[name]
            yield Measurement(name=concept, value=value, unit=unit, referenced_coordinates=places)


def _graphic(mark: AnnotationVersion) -> tuple[GraphicTypeValues3D, NDArray[np.float64]]:
    """Return the graphic type of an annotation and its points, shape (n, 3), in mm."""
    places = np.asarray(mark.points, dtype=np.float64)
    match mark.mark.kind:
        case Annotation.Kind.PROBE:
            return GraphicTypeValues3D.POINT, places
        case Annotation.Kind.RECTANGLE:
            return GraphicTypeValues3D.POLYGON, places[ROUND]
        case Annotation.Kind.ELLIPSE:  # the ends of the longer axis first (PS3.3 C.18.9.1.2)
            axes = places.reshape(2, 2, 3)
            lengths = np.linalg.norm(axes[:, 1] - axes[:, 0], axis=-1)
            return GraphicTypeValues3D.ELLIPSE, axes[np.argsort(-lengths)].reshape(4, 3)
    return GraphicTypeValues3D.POLYLINE, places
