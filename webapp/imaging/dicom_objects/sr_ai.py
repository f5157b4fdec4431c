"""The results of a run as a structured report: PS3.16 TID 1500 in a Comprehensive SR (PS3.3 A.35.3).

One measurement group summarises the run, whatever its outcome. Then come one group for each finding (type, location,
certainty, size) and one for each second opinion.
"""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias, TypeVar

import numpy as np
from highdicom.sr import (
    ComprehensiveSR,
    GraphicTypeValues,
    ImageRegion,
    Measurement,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    QualitativeEvaluation,
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
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from webapp.imaging.archive.models import Instance
from webapp.imaging.dicom_objects.codes import (
    ABNORMAL,
    CERTAINTY,
    COMMENT,
    OPINION,
    SIZES,
    SUMMARY,
    THRESHOLD,
    algorithm_content,
    label_code,
    opinion_code,
    outcome_code,
)
from webapp.imaging.dicom_objects.finding_annotations import AnnotatedFinding
from webapp.imaging.dicom_objects.models import ResultSeries
from webapp.imaging.dicom_objects.observers import Authorship
from webapp.imaging.dicom_objects.segmentation import Found, Segment
from webapp.imaging.dicom_objects.source_images import Sources
from webapp.imaging.dicom_objects.uids import Identity, derive_uid, remove_randomness, tracking_uid
from webapp.imaging.inference.measurements import measurements_of
from webapp.imaging.inference.models import Run, Stage
from webapp.imaging.inference.second_opinions import opinions_of, sentences_of
from workers.contracts import OpinionAnswer

Group: TypeAlias = (
    MeasurementsAndQualitativeEvaluations
    | PlanarROIMeasurementsAndQualitativeEvaluations
    | VolumetricROIMeasurementsAndQualitativeEvaluations
)
AnyGroup = TypeVar("AnyGroup", bound=Group)


def finding_group(run: Run, finding: AnnotatedFinding, *, segments: list[Segment[AnnotatedFinding]]) -> Group:
    """Return the measurement group of a finding (see `group_placed`); for whole slices, TID 1501 on the clearest."""
    row, own = finding.row, [one for one in segments if one.finding is finding]
    said: dict[str, Any] = {
        "tracking_identifier": TrackingIdentifier(
            uid=tracking_uid(run, row.order), identifier=f"Finding {finding.number}"
        ),
        "finding_category": ABNORMAL,
        "finding_type": label_code(row),
        "algorithm_id": algorithm_content(finding.stage, run),
        # A size is that of an outline: beside a box alone, it would be taken for the size of the box.
        "measurements": [*_certainty(finding), *(_sizes(finding) if len(own) == 1 else [])],
    }
    sentences = (row.sentence, row.experimental and f"Experimental: {row.experimental}")
    return commented(_group(finding, own, said), [sentence for sentence in sentences if sentence])


def commented(group: AnyGroup, sentences: Iterable[str]) -> AnyGroup:
    """Return the group, with the sentences added as comments."""
    group[0].ContentSequence.extend(
        TextContentItem(name=COMMENT, value=sentence, relationship_type=RelationshipTypeValues.CONTAINS)
        for sentence in sentences
    )
    return group


def group_placed(
    segments: Sequence[Segment[Found]], regions: Sequence[ImageRegion], said: dict[str, Any]
) -> PlanarROIMeasurementsAndQualitativeEvaluations | VolumetricROIMeasurementsAndQualitativeEvaluations:
    """Return the measurement group of something with a location.

    It refers to its segment if there is exactly one, otherwise to its regions (PS3.16 TID 1410 for one slice, TID 1411
    for several).

    Parameters
    ----------
    segments, regions
        Its segments and regions; at least one region.
    said
        The remaining content of the group, as arguments of the highdicom class.
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
    """Yield the model's certainty, and the threshold from which it reports a finding, both in percent."""
    yield Measurement(name=CERTAINTY, value=round(100 * finding.row.probability, 2), unit=codes.UCUM.Percent)
    if finding.stage.threshold is not None:
        yield Measurement(name=THRESHOLD, value=round(100 * finding.stage.threshold, 2), unit=codes.UCUM.Percent)


def _sizes(finding: AnnotatedFinding) -> Iterable[Measurement]:
    """Yield the sizes of the outline, in mm, mm2 and mm3; nothing if the image is not calibrated."""
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
    # The frame implies the segment; PS3.3 Table 10-3 allows only one of the two numbers.
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
    """Return a box as a closed polyline of (column, row); the corner of the first pixel is (0, 0) (PS3.3 C.18.6.1).

    Parameters
    ----------
    box
        x0, y0, x1, y1 in pixels.
    instance, frame
        The image on which it lies; frames count from 0.
    """
    x0, y0, x1, y1 = box
    return ImageRegion(
        graphic_type=GraphicTypeValues.POLYLINE,
        graphic_data=np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]], dtype=np.float32),
        source_image=SourceImageForRegion(*image_named(instance, [frame])),
    )


def image_named(instance: Instance, frames: list[int]) -> tuple[str, str, list[int] | None]:
    """Return SOP class UID and SOP instance UID of an image, and frame numbers (from 1) if it is multi-frame."""
    numbers = [frame + 1 for frame in frames] if instance.number_of_frames > 1 else None
    return instance.sop_class_uid, instance.sop_instance_uid, numbers


def opinion_groups(run: Run, finding: AnnotatedFinding) -> Iterable[MeasurementsAndQualitativeEvaluations]:
    """Yield a measurement group (PS3.16 TID 1501) for each second opinion on a finding."""
    row = finding.row
    for told in opinions_of(row):
        group = MeasurementsAndQualitativeEvaluations(
            tracking_identifier=TrackingIdentifier(
                uid=tracking_uid(run, row.order), identifier=f"Finding {finding.number}, second opinion"
            ),
            algorithm_id=algorithm_content(told, run),
            measurements=list(_numbers(told)),
            qualitative_evaluations=[QualitativeEvaluation(name=OPINION, value=opinion_code(told))],
            source_images=[SourceImageForMeasurementGroup(*image_named(row.instance, [row.frame]))],
        )
        yield commented(group, sentences_of(told))


def _numbers(told: OpinionAnswer) -> Iterable[Measurement]:
    """Yield certainty and threshold; without an answer, no certainty, which could be mistaken for one of an answer."""
    if told.label is not None and told.probability is not None:
        yield Measurement(name=CERTAINTY, value=round(100 * told.probability, 2), unit=codes.UCUM.Percent)
    if told.threshold is not None:
        yield Measurement(name=THRESHOLD, value=round(100 * told.threshold, 2), unit=codes.UCUM.Percent)


RESEARCH = "Decision support for research use only, not for diagnosis."
UNVERIFIED = "Made by software. No person has verified it."
#: The outcome of the run, in words that claim no more than it supports.
SAID = {
    Run.Outcome.FINDINGS: "The models marked the findings below. Each is a suspicion, not a diagnosis.",
    Run.Outcome.NEGATIVE: "Findings were looked for and none was found. This does not rule out disease.",
    Run.Outcome.SORTED_ONLY: "The kind of image was recognised. No finding was looked for, so none can be ruled out.",
    Run.Outcome.NOT_ANALYSED: "Not analysed: the models give no answer for these images. Read them without.",
}


def build_ai_report(
    run: Run,
    *,
    findings: list[AnnotatedFinding],
    segments: list[Segment[AnnotatedFinding]],
    sources: Sources,
    version: int,
    earlier: Sequence[Instance] = (),
    authorship: Authorship | None = None,
) -> ComprehensiveSR:
    """Return the structured report of a run.

    Parameters
    ----------
    findings, segments
        The findings, and the segments of their outlines.
    sources
        All images of the series, which are the evidence.
    version
        The number of runs of the series that have results.
    earlier
        Reports of earlier runs, listed as predecessors (PS3.3 C.17.2, Predecessor Documents Sequence).
    authorship
        The observers and status flags; by default, those of the device alone.
    """
    authorship = authorship or Authorship()
    identity = Identity(run, ResultSeries.Kind.SR, version)
    content = MeasurementReport(
        observation_context=authorship.observers(run),
        procedure_reported=codes.SCT.ImagingProcedure,
        imaging_measurements=[
            _summary_group(run, authorship),
            *(finding_group(run, finding, segments=segments) for finding in findings),
            *(group for finding in findings for group in opinion_groups(run, finding)),
        ],
        title=codes.cid7021.ImagingMeasurementReport,
    )
    made = ComprehensiveSR(
        evidence=_evidence(segments, sources),
        content=content[0],
        previous_versions=[image_reference(instance) for instance in earlier] or None,
        specific_character_set=sources.study.SpecificCharacterSet,
        **identity.arguments,
        **authorship.flags,
    )
    remove_randomness(made, identity)
    if authorship.person:
        made.VerifyingObserverSequence[0].VerificationDateTime = authorship.person.at.strftime("%Y%m%d%H%M%S.%f")
    return made


def _summary_group(run: Run, authorship: Authorship) -> MeasurementsAndQualitativeEvaluations:
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(uid=derive_uid(run.pk, "summary"), identifier="Summary"),
        qualitative_evaluations=[QualitativeEvaluation(name=SUMMARY, value=outcome_code(run))],
    )
    sentences = [RESEARCH, *([] if authorship.person else [UNVERIFIED]), SAID[Run.Outcome(run.outcome)]]
    sentences += [run.reason] if run.reason else []
    sentences += run.contradictions
    sentences += [_said(stage) for stage in run.stages.all() if stage.status != Stage.Status.NOT_RUN]
    return commented(group, sentences)


def _said(stage: Stage) -> str:
    """Return the result of one stage as a sentence."""
    sure = f", {stage.probability:.0%}" if stage.probability is not None else ""
    least = f" (told from {stage.threshold:.0%})" if stage.threshold is not None else ""
    because = f" {stage.reason}" if stage.reason else ""
    experimental = " Experimental." if stage.experimental else ""
    answer = stage.label_title or stage.get_status_display()
    return f"{stage.title} ({stage.model} {stage.version}): {answer}{sure}{least}.{because}{experimental}"


def _evidence(segments: list[Segment[AnnotatedFinding]], sources: Sources) -> list[Dataset]:
    """Return the evidence of the report: every image of the series, and the segmentations."""
    images = [image_reference(instance) for instance in sources.instances]
    images[0].update(sources.study)
    made = {segment.segmentation.SOPInstanceUID: segment.segmentation for segment in segments}
    return [*images, *made.values()]


def image_reference(instance: Instance) -> Dataset:
    """Return the reference to an instance for the evidence or predecessor documents."""
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = instance.sop_class_uid, instance.sop_instance_uid
    ds.SeriesInstanceUID = instance.series.series_instance_uid
    ds.StudyInstanceUID = instance.series.study.study_instance_uid
    return ds
