"""A second opinion on a finding as a measurement group of its own: what another road says, by which model, or nothing.

It has the finding's tracking UID, since it is about the same thing, and no type of finding, since it finds nothing.
"""

from collections.abc import Iterable

from highdicom.sr import (
    Measurement,
    MeasurementsAndQualitativeEvaluations,
    QualitativeEvaluation,
    SourceImageForMeasurementGroup,
    TrackingIdentifier,
)
from pydicom.sr.codedict import codes

from webapp.imaging.dicom_objects.codes import CERTAINTY, OPINION, THRESHOLD, algorithm_content, opinion_code
from webapp.imaging.dicom_objects.finding_annotations import AnnotatedFinding
from webapp.imaging.dicom_objects.measurement_groups import commented, image_named
from webapp.imaging.dicom_objects.uids import tracking_uid
from webapp.imaging.inference.models import Run
from webapp.imaging.inference.second_opinions import opinions_of, sentences_of
from workers.contracts import OpinionAnswer


def opinion_groups(run: Run, finding: AnnotatedFinding) -> Iterable[MeasurementsAndQualitativeEvaluations]:
    """Yield a group (PS3.16 TID 1501) for each second opinion on a finding."""
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
    """Return how sure it is, where it answers: an abstention has no number that could be taken for one."""
    if told.label is not None and told.probability is not None:
        yield Measurement(name=CERTAINTY, value=round(100 * told.probability, 2), unit=codes.UCUM.Percent)
    if told.threshold is not None:
        yield Measurement(name=THRESHOLD, value=round(100 * told.threshold, 2), unit=codes.UCUM.Percent)
