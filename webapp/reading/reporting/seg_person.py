"""Outlines by the reader of a signed report as DICOM segmentations (PS3.3 A.51): one segment per finding.

They are built for final reports and addenda; a preliminary report has boxes only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from highdicom.seg import SegmentAlgorithmTypeValues, SegmentationTypeValues, SegmentDescription

from webapp.imaging.annotations.masks import Mask, MaskError, mask_read
from webapp.imaging.annotations.models import AnnotationVersion
from webapp.imaging.archive.models import Instance, Series
from webapp.imaging.dicom_objects.build_jobs import BuildFailedError
from webapp.imaging.dicom_objects.codes import ABNORMAL, LONGEST, colour_of
from webapp.imaging.dicom_objects.finding_annotations import OutlinedSlice
from webapp.imaging.dicom_objects.models import ResultSeries
from webapp.imaging.dicom_objects.segmentation import Segment, draw_segments
from webapp.imaging.dicom_objects.source_images import Sources
from webapp.imaging.dicom_objects.uids import derive_uid
from webapp.imaging.inference.models import Finding
from webapp.reading.reporting.models import Report
from webapp.reading.reporting.uids import person_name, report_identity, signed_at, title_code

NO_MASK = "An outline that the report rests on is missing or damaged."


@dataclass(frozen=True, eq=False)
class DrawnSlice:
    """One outline as it was signed.

    Attributes
    ----------
    mask
        sha256 of its PNG, bound by the signature.
    """

    version: AnnotationVersion
    mask: str

    @property
    def instance(self) -> Instance:
        """The image."""
        return self.version.mark.image

    @property
    def instance_id(self) -> UUID:
        """Id of the image."""
        return self.version.mark.place[0]

    @property
    def frame(self) -> int:
        """Number of the frame, from 0."""
        return self.version.mark.place[1]


@dataclass(frozen=True, eq=False)
class DrawnFinding:
    """A statement of a report that rests on outlines.

    Attributes
    ----------
    number
        Number of the statement in the report, from 1.
    title
        In the reader's words.
    finding
        The finding of the AI that the reader corrects; None where the AI missed it.
    outlined
        Outlines on DICOM images, one per image.
    empty
        Empty outlines: nothing of the finding lies on their images.
    """

    number: int
    title: str
    finding: Finding | None
    outlined: Sequence[DrawnSlice]
    empty: Sequence[DrawnSlice] = ()

    @property
    def series(self) -> Series:
        """The series that it was outlined on: a finding lies on one."""
        return (*self.outlined, *self.empty)[0].instance.series


def drawn_findings(report: Report) -> list[DrawnFinding]:
    """Return the outlined findings of a report: two queries. Reports from before outlines were stored have none."""
    outlined_statements = [
        (number, one) for number, one in enumerate(report.statements, start=1) if one.get("outlines")
    ]
    marks = {drawn["mark"] for _, one in outlined_statements for drawn in one["outlines"]}
    rows = AnnotationVersion.objects.filter(mark__in=marks).select_related("mark__instance__series__study")
    versions = {(str(row.mark_id), row.version): row for row in rows}
    findings = Finding.objects.in_bulk([one["finding"] for _, one in outlined_statements if one["finding"]])
    every = [
        DrawnFinding(
            number,
            one["title"],
            findings.get(one["finding"]),
            [drawn for drawn in slices if not drawn.version.is_empty],
            [drawn for drawn in slices if drawn.version.is_empty],
        )
        for number, one in outlined_statements
        for slices in [
            [DrawnSlice(versions[each["mark"], each["version"]], each["sha256"]) for each in one["outlines"]]
        ]
    ]
    return [one for one in every if not one.series.is_picture]


def build_reader_segments(report: Report, drawn: Sequence[DrawnFinding]) -> list[Segment[DrawnFinding]]:
    """Build the segmentations of a report, one series for each series with outlines.

    Raises
    ------
    webapp.imaging.dicom_objects.build_jobs.BuildFailedError
        If an outline is not where it was stored.
    webapp.imaging.dicom_objects.segmentation.TooLargeError
        If the outlines need too much memory.
    """
    if report.kind == Report.Kind.PRELIMINARY:
        return []
    by_series: dict[Series, list[DrawnFinding]] = {}
    for one in drawn:
        if one.outlined:
            by_series.setdefault(one.series, []).append(one)
    return [
        segment
        for series, findings in by_series.items()
        for segment in draw_segments(findings, sources=_sources(report, series), drawer=_Reader(report, series))
    ]


def _sources(report: Report, series: Series) -> Sources:
    """Return the images of a series that were signed."""
    signed = report.signature.digests["images"]
    images = series.instances.filter(has_pixels=True).select_related("index", "series__study")
    return Sources(series, [image for image in images if image.sop_instance_uid in signed])


@dataclass(frozen=True)
class _Identity:
    """UIDs and series attributes of one segmentation of a report."""

    report: Report
    series: Series
    number: int

    @property
    def at(self) -> datetime:
        return signed_at(self.report)

    @property
    def arguments(self) -> dict[str, Any]:
        given = report_identity(self.report, ResultSeries.Kind.SEG)
        return {
            **given,
            "series_instance_uid": self._uid("series"),
            "sop_instance_uid": self._uid(self.number),
            "instance_number": self.number,
            "series_description": f"Outlines of {given['series_description'].lower()}",
        }

    @property
    def dimensions_uid(self) -> str:
        return self._uid(self.number, "dimensions")

    def _uid(self, *names: str | int) -> str:
        return derive_uid(self.report.pk, ResultSeries.Kind.SEG, self.series.series_instance_uid, *names)


@dataclass(frozen=True)
class _Reader:
    """The reader whose outlines a report contains; an addendum may be signed by somebody else."""

    report: Report
    series: Series

    @property
    def content_arguments(self) -> Mapping[str, Any]:
        reader = self.report.read.reader if self.report.read else self.report.signature.user
        return {
            "segmentation_type": SegmentationTypeValues.BINARY,
            "content_label": "READER_OUTLINES",
            "content_description": "Outlined by a person; research use only, not for diagnosis"[:LONGEST],
            "content_creator_name": person_name(reader, reader.get_username()),
        }

    def identity(self, number: int) -> _Identity:
        return _Identity(self.report, self.series, number)

    def described(self, number: int, finding: DrawnFinding) -> SegmentDescription:
        return SegmentDescription(
            segment_number=number,
            segment_label=f"{finding.number}. {finding.title}"[:LONGEST],
            segmented_property_category=ABNORMAL,
            segmented_property_type=title_code(finding.title, finding.finding),
            algorithm_type=SegmentAlgorithmTypeValues.MANUAL,
            tracking_uid=derive_uid(self.report.pk, "finding", finding.number),
            tracking_id=f"Finding {finding.number}",
            display_color=colour_of(finding.finding) if finding.finding else None,
        )

    def mask(self, one: OutlinedSlice) -> Mask:
        try:
            return mask_read(one.mask)
        except MaskError:
            raise BuildFailedError(NO_MASK) from None
