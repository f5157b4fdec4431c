"""Builds all DICOM objects of a run as files; building them again gives the same bytes."""

from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset

from webapp.imaging.archive.models import Instance
from webapp.imaging.dicom_objects.build_jobs import Built
from webapp.imaging.dicom_objects.finding_annotations import AnnotatedFinding, annotated_findings
from webapp.imaging.dicom_objects.models import ResultSeries
from webapp.imaging.dicom_objects.secondary_capture import build_captures
from webapp.imaging.dicom_objects.segmentation import Segment, TooLargeError, build_segments
from webapp.imaging.dicom_objects.source_images import Sources
from webapp.imaging.dicom_objects.sr_ai import build_ai_report
from webapp.imaging.inference.models import Run

TOO_LARGE = "Without a segmentation: the outlines are larger than is made at once."


@dataclass(frozen=True)
class BuiltSet:
    """All objects of a run, and a sentence about what was left out; "" if nothing was."""

    objects: list[Built]
    reason: str


def build_results(*, run: Run, earlier: list[Instance], into: Path) -> BuiltSet:
    """Build the objects of a run.

    Parameters
    ----------
    run
        A finished run.
    earlier
        Reports of earlier runs of the same series, the oldest first.
    into
        An empty folder for the files.

    Raises
    ------
    workers.api.Refused
        If a stored image can no longer be read.
    webapp.imaging.annotations.masks.MaskError
        If a mask is missing or damaged.
    ValueError, TypeError, KeyError, AttributeError
        If highdicom rejects the headers of the source images.
    """
    sources, findings, version = Sources.of_run(run), annotated_findings(run), len(earlier) + 1
    reason = ""
    segments: list[Segment[AnnotatedFinding]] = []
    try:
        segments = build_segments(run, findings=findings, sources=sources, version=version)
    except TooLargeError:
        reason = TOO_LARGE
    report = build_ai_report(
        run, findings=findings, segments=segments, sources=sources, version=version, earlier=earlier[-1:]
    )
    captures = build_captures(run, findings=findings, sources=sources, version=version)
    segmentations = list({id(segment.segmentation): segment.segmentation for segment in segments}.values())
    kinds = ResultSeries.Kind
    made: list[tuple[ResultSeries.Kind, Dataset]] = [
        *((kinds.SEG, one) for one in segmentations),
        (kinds.SR, report),
        *((kinds.SC, one) for one in captures),
    ]
    return BuiltSet([write_object(kind, ds, into) for kind, ds in made], reason)


def write_object(kind: ResultSeries.Kind, ds: Dataset, into: Path) -> Built:
    """Write an object to a file in a folder, named by its SOPInstanceUID."""
    path = into / f"{ds.SOPInstanceUID}.dcm"
    ds.save_as(path, enforce_file_format=True)
    return Built(kind, path)
