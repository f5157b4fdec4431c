"""One finding as a measurement group of a report: what it is, where it lies, how sure, by which model."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias, TypeVar

import numpy as np
from highdicom.sr import (
    GraphicTypeValues,
    ImageRegion,
    Measurement,
    MeasurementsAndQualitativeEvaluations,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    ReferencedSegment,
    ReferencedSegmentationFrame,
    RelationshipTypeValues,
    SourceImageForMeasurementGroup,
    SourceImageForRegion,
    SourceImageForSegmentation,
    TextContentItem,
    TrackingIdentifier,
    VolumetricROIMeasurementsAndQualitativeEvaluations,
)
from pydicom.sr.codedict import codes

from webapp.imaging.archive.models import Instance
from webapp.imaging.dicom_objects.codes import (
    ABNORMAL,
    CERTAINTY,
    COMMENT,
    SIZES,
    THRESHOLD,
    algorithm_content,
    label_code,
)
from webapp.imaging.dicom_objects.finding_annotations import AnnotatedFinding
from webapp.imaging.dicom_objects.segmentation import Found, Segment
from webapp.imaging.dicom_objects.uids import tracking_uid
from webapp.imaging.inference.measurements import measurements_of
from webapp.imaging.inference.models import Run

Group: TypeAlias = (
    MeasurementsAndQualitativeEvaluations
    | PlanarROIMeasurementsAndQualitativeEvaluations
    | VolumetricROIMeasurementsAndQualitativeEvaluations
)
AnyGroup = TypeVar("AnyGroup", bound=Group)


def finding_group(run: Run, finding: AnnotatedFinding, *, segments: list[Segment[AnnotatedFinding]]) -> Group:
    """Return the group of a finding: see `group_placed`; one of whole slices (TID 1501) has its clearest slice."""
    row, own = finding.row, [one for one in segments if one.finding is finding]
    said: dict[str, Any] = {
        "tracking_identifier": TrackingIdentifier(
            uid=tracking_uid(run, row.order), identifier=f"Finding {finding.number}"
        ),
        "finding_category": ABNORMAL,
        "finding_type": label_code(row),
        "algorithm_id": algorithm_content(finding.stage, run),
        # A size is that of an outline: beside a box alone it would be taken for the box's.
        "measurements": [*_certainty(finding), *(_sizes(finding) if len(own) == 1 else [])],
    }
    sentences = (row.sentence, row.experimental and f"Experimental: {row.experimental}")
    return commented(_group(finding, own, said), [sentence for sentence in sentences if sentence])


def commented(group: AnyGroup, sentences: Iterable[str]) -> AnyGroup:
    """Add sentences to a group, and return it."""
    group[0].ContentSequence.extend(
        TextContentItem(name=COMMENT, value=sentence, relationship_type=RelationshipTypeValues.CONTAINS)
        for sentence in sentences
    )
    return group


def group_placed(
    segments: Sequence[Segment[Found]], regions: Sequence[ImageRegion], said: dict[str, Any]
) -> PlanarROIMeasurementsAndQualitativeEvaluations | VolumetricROIMeasurementsAndQualitativeEvaluations:
    """Return the group of something that lies somewhere.

    It points at its segment where there is just one (PS3.16 TID 1410 on one slice, TID 1411 on several), else at
    its boxes.

    Parameters
    ----------
    segments, regions
        Its own; at least one region.
    said
        What else the group holds, as highdicom takes it.
    """
    if len(segments) == 1 and segments[0].frame:
        return PlanarROIMeasurementsAndQualitativeEvaluations(referenced_segment=_frame(segments[0]), **said)
    if len(segments) == 1:
        return VolumetricROIMeasurementsAndQualitativeEvaluations(referenced_segment=_segment(segments[0]), **said)
    if len(regions) == 1:
        return PlanarROIMeasurementsAndQualitativeEvaluations(referenced_region=regions[0], **said)
    return VolumetricROIMeasurementsAndQualitativeEvaluations(referenced_regions=regions, **said)


def _group(finding: AnnotatedFinding, segments: list[Segment[AnnotatedFinding]], said: dict[str, Any]) -> Group:
    if finding.marks:
        return group_placed(segments, [region_of(mark.box, mark.instance, mark.frame) for mark in finding.marks], said)
    sources = [SourceImageForMeasurementGroup(*image_named(finding.row.instance, [finding.row.frame]))]
    return MeasurementsAndQualitativeEvaluations(source_images=sources, **said)


def _certainty(finding: AnnotatedFinding) -> Iterable[Measurement]:
    """Return how sure the model is, and from where on it tells a finding, both in percent."""
    yield Measurement(name=CERTAINTY, value=round(100 * finding.row.probability, 2), unit=codes.UCUM.Percent)
    if finding.stage.threshold is not None:
        yield Measurement(name=THRESHOLD, value=round(100 * finding.stage.threshold, 2), unit=codes.UCUM.Percent)


def _sizes(finding: AnnotatedFinding) -> Iterable[Measurement]:
    """Return how large the outline is, in millimetres: nothing where the header did not calibrate."""
    measured = measurements_of(finding.row)
    for name, (what, unit) in SIZES.items():
        if measured.is_calibrated and name in measured.figures:
            yield Measurement(name=what, value=measured.figures[name].value, unit=unit)


def _frame(segment: Segment[Found]) -> ReferencedSegmentationFrame:
    (mark,) = segment.finding.outlined
    assert segment.frame is not None
    named = ReferencedSegmentationFrame(
        sop_class_uid=segment.segmentation.SOPClassUID,
        sop_instance_uid=segment.segmentation.SOPInstanceUID,
        frame_number=segment.frame,
        segment_number=segment.number,
        source_image=SourceImageForSegmentation(*image_named(mark.instance, [mark.frame])),
    )
    # The frame says which segment it shows; PS3.3 table 10-3 allows one of the two numbers.
    del named[0].ReferencedSOPSequence[0].ReferencedSegmentNumber
    return named


def _segment(segment: Segment[Found]) -> ReferencedSegment:
    frames: dict[Instance, list[int]] = {}
    for mark in segment.finding.outlined:
        frames.setdefault(mark.instance, []).append(mark.frame)
    return ReferencedSegment(
        sop_class_uid=segment.segmentation.SOPClassUID,
        sop_instance_uid=segment.segmentation.SOPInstanceUID,
        segment_number=segment.number,
        source_images=[SourceImageForSegmentation(*image_named(instance, of)) for instance, of in frames.items()],
    )


def region_of(box: Sequence[float], instance: Instance, frame: int) -> ImageRegion:
    """Return a box as a closed polyline of (column, row), the corner of the first pixel being 0, 0 (PS3.3 C.18.6.1).

    Parameters
    ----------
    box
        x0, y0, x1, y1 in pixels.
    instance, frame
        The image that it lies on, frames from 0.
    """
    x0, y0, x1, y1 = box
    return ImageRegion(
        graphic_type=GraphicTypeValues.POLYLINE,
        graphic_data=np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]], dtype=np.float32),
        source_image=SourceImageForRegion(*image_named(instance, [frame])),
    )


def image_named(instance: Instance, frames: list[int]) -> tuple[str, str, list[int] | None]:
    """Return class and UID of an image, and frames (from 1) where it has several."""
    numbers = [frame + 1 for frame in frames] if instance.number_of_frames > 1 else None
    return instance.sop_class_uid, instance.sop_instance_uid, numbers
