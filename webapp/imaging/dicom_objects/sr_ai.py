"""What a run says, as a structured report: TID 1500 of PS3.16 in a Comprehensive SR (PS3.3 A.35.3).

One measurement group sums the run up, whatever it came to; one more for each finding says what, where, how sure; behind
them stands one for each second opinion.
"""

from collections.abc import Sequence

from highdicom.sr import (
    ComprehensiveSR,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    QualitativeEvaluation,
    TrackingIdentifier,
)
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from webapp.imaging.archive.models import Instance
from webapp.imaging.dicom_objects.codes import SUMMARY, outcome_code
from webapp.imaging.dicom_objects.finding_annotations import AnnotatedFinding
from webapp.imaging.dicom_objects.measurement_groups import commented, finding_group
from webapp.imaging.dicom_objects.models import ResultSeries
from webapp.imaging.dicom_objects.observers import Authorship
from webapp.imaging.dicom_objects.segmentation import Segment
from webapp.imaging.dicom_objects.source_images import Sources
from webapp.imaging.dicom_objects.sr_second_opinion import opinion_groups
from webapp.imaging.dicom_objects.uids import Identity, derive_uid, remove_randomness
from webapp.imaging.inference.models import Run, Stage

RESEARCH = "Decision support for research use only, not for diagnosis."
UNVERIFIED = "Made by software. No person has verified it."
#: What the run amounts to, in words that no reader can take for more.
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
    """Build the report of a run.

    Parameters
    ----------
    findings, segments
        What was found, and where each outline went.
    sources
        All images of the series: the evidence.
    version
        How many times the series has been answered.
    earlier
        Reports of earlier answers, which this one comes after (PS3.3 C.17.2, Predecessor Documents).
    authorship
        Who stands behind it: the device alone where not given.
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
    """Put into a sentence what one model answered."""
    sure = f", {stage.probability:.0%}" if stage.probability is not None else ""
    least = f" (told from {stage.threshold:.0%})" if stage.threshold is not None else ""
    because = f" {stage.reason}" if stage.reason else ""
    experimental = " Experimental." if stage.experimental else ""
    answer = stage.label_title or stage.get_status_display()
    return f"{stage.title} ({stage.model} {stage.version}): {answer}{sure}{least}.{because}{experimental}"


def _evidence(segments: list[Segment[AnnotatedFinding]], sources: Sources) -> list[Dataset]:
    """Return what the report rests on: every image of the series, and the segmentations."""
    images = [image_reference(instance) for instance in sources.instances]
    images[0].update(sources.study)
    made = {segment.segmentation.SOPInstanceUID: segment.segmentation for segment in segments}
    return [*images, *made.values()]


def image_reference(instance: Instance) -> Dataset:
    """Return an instance as evidence and predecessors are named."""
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = instance.sop_class_uid, instance.sop_instance_uid
    ds.SeriesInstanceUID = instance.series.series_instance_uid
    ds.StudyInstanceUID = instance.series.study.study_instance_uid
    return ds
