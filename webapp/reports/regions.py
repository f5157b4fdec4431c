"""Accepted findings as measurement groups of a structured report: the AI's where agreed, else the reader's."""

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from highdicom.sr import (
    CodedConcept,
    GraphicTypeValues,
    ImageRegion,
    Measurement,
    MeasurementsAndQualitativeEvaluations,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    QualitativeEvaluation,
    RelationshipTypeValues,
    SourceImageForMeasurementGroup,
    SourceImageForRegion,
    TextContentItem,
    TrackingIdentifier,
)
from pydicom.sr.codedict import codes

from webapp.marks.models import MarkVersion
from webapp.reports.models import Report
from webapp.results.codes import ABNORMAL, COMMENT
from webapp.results.groups import Group, finding_group, image_named
from webapp.results.identity import OWN_SCHEME, uid_made
from webapp.results.marked import MarkedFinding, findings_marked
from webapp.runs.models import Finding, Run
from webapp.verdicts.models import Verdict

#: Figures that have a code and, where the image is calibrated, a unit.
FIGURES = {
    "length": (codes.SCT.Length, codes.UCUM.Millimeter),
    "area": (codes.SCT.Area, codes.UCUM.SquareMillimeter),
    "angle": (codes.SCT.Angle, codes.UCUM.Degree),
}
LONGEST = 64  # of an LO: a meaning
#: A region has a size: half a pixel round a point.
LEAST = 0.5
SAID = {
    Verdict.Says.AGREE: "Agreed by the reader.",
    Verdict.Says.EDIT: "Corrected by the reader.",
    Verdict.Says.MISSED: "Found by the reader; the AI did not point at it.",
}
Statement = dict[str, Any]


def statement_groups(report: Report) -> list[Group]:
    """Return one group that sums up, and one for each accepted finding; nothing of what was not accepted."""
    marked = _marked(report)
    groups = [_group(report, number, one, marked) for number, one in enumerate(report.statements, start=1)]
    return [_summary(report), *groups]


def _summary(report: Report) -> Group:
    comes_to = {True: codes.SCT.Abnormal, False: codes.SCT.Normal}
    told = [
        QualitativeEvaluation(name=codes.DCM.Finding, value=value)
        for said, value in comes_to.items()
        if said is report.is_abnormal
    ]
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(uid=uid_made(report.pk, "summary"), identifier="Summary"),
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


def _group(report: Report, number: int, one: Statement, marked: dict[int, tuple[Run, MarkedFinding]]) -> Group:
    if one["says"] == Verdict.Says.AGREE and one["mark"] is None and one["title"] == one["ai_title"]:
        run, finding = marked[one["finding"]]
        made = finding_group(run, finding, segments=[])
    else:
        made = _reader_group(report, number, one, marked)
    called = one["ai_title"] and f"The AI called it: {one['ai_title']}"
    _comment(made, [SAID[Verdict.Says(one["says"])], called, one["figures"]])
    return made


def _reader_group(report: Report, number: int, one: Statement, marked: dict[int, tuple[Run, MarkedFinding]]) -> Group:
    now = MarkVersion.objects.select_related("mark__instance").filter(mark=one["mark"], version=one["mark_version"])
    mark = now.first() if one["mark"] else None
    said: dict[str, Any] = {
        "tracking_identifier": TrackingIdentifier(
            uid=uid_made(report.pk, "finding", number), identifier=f"Finding {number}"
        ),
        "finding_category": ABNORMAL,
        "finding_type": CodedConcept(_code(one["title"]), OWN_SCHEME, one["title"][:LONGEST]),
    }
    if mark is not None:
        said["measurements"] = list(_measured(mark))
        image = image_named(mark.mark.instance, [mark.mark.frame - 1])
        # A mark's points count from the centre of the first pixel, a region's from its corner (PS3.3 C.18.6.1).
        xs, ys = (sorted(value + 0.5 for value in values) for values in zip(*mark.points, strict=True))
        return _planar([xs[0], ys[0], xs[-1], ys[-1]], image, said)
    _, finding = marked[one["finding"]]
    row: Finding = finding.row
    image = image_named(row.instance, [row.frame])
    if row.box is not None:
        return _planar(row.box, image, said)
    return MeasurementsAndQualitativeEvaluations(source_images=[SourceImageForMeasurementGroup(*image)], **said)


def _planar(box: list[float], image: tuple[str, str, list[int] | None], said: dict[str, Any]) -> Group:
    x0, y0, x1, y1 = box
    x0, x1 = (x0, x1) if x1 > x0 else (x0 - LEAST, x1 + LEAST)
    y0, y1 = (y0, y1) if y1 > y0 else (y0 - LEAST, y1 + LEAST)
    region = ImageRegion(
        graphic_type=GraphicTypeValues.POLYLINE,
        graphic_data=np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]], dtype=np.float32).clip(min=0),
        source_image=SourceImageForRegion(*image),
    )
    return PlanarROIMeasurementsAndQualitativeEvaluations(referenced_region=region, **said)


def _measured(mark: MarkVersion) -> Iterable[Measurement]:
    """Return the figures that have a unit; pixels have none, and stay words."""
    for name, (concept, unit) in FIGURES.items():
        if name in mark.figures and (mark.unit == MarkVersion.Unit.MM or name == "angle"):
            yield Measurement(name=concept, value=mark.figures[name], unit=unit)


def _marked(report: Report) -> dict[int, tuple[Run, MarkedFinding]]:
    wanted = [one["finding"] for one in report.statements if one["finding"]]
    runs = Run.objects.filter(findings__in=wanted).distinct().prefetch_related("stages")
    return {finding.row.pk: (run, finding) for run in runs for finding in findings_marked(run)}


def _code(title: str) -> str:
    """Return a code value (SH, 16 characters) for a reader's own word: the same for the same word."""
    return "r" + hashlib.sha256(title.casefold().encode()).hexdigest()[:15]
