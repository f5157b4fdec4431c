"""Labels, models and outcomes as coded concepts (PS3.16). A finding carries its label's code, from its pathway."""

from highdicom import AlgorithmIdentificationSequence
from highdicom.color import CIELabColor
from highdicom.sr import AlgorithmIdentification, CodedConcept
from pydicom.sr.codedict import codes

from webapp.imaging.dicom_objects.uids import MANUFACTURER, OWN_SCHEME
from webapp.imaging.inference import measurements
from webapp.imaging.inference.models import Finding, Run, Stage
from workers.contracts import OpinionAnswer

ABNORMAL = codes.SCT.MorphologicallyAbnormalStructure  # CID 7150
SUMMARY = codes.DCM.CADProcessingAndFindingsSummary  # PS3.16 TID 4101 and others
CERTAINTY = codes.DCM.CertaintyOfFinding  # 0 to 100, assigned by the device
COMMENT = codes.DCM.Comment
#: Concept name of a second opinion: a qualitative evaluation beside the finding, never a finding type.
OPINION = CodedConcept("second-opinion", OWN_SCHEME, "Second opinion on the kind of a finding")
THRESHOLD = CodedConcept("told-from", OWN_SCHEME, "Certainty from which a finding is told")
#: Sizes of an outlined finding: concept (CID 218) and unit.
SIZES = {
    measurements.LONGEST: (codes.SCT.LongAxis, codes.UCUM.Millimeter),
    measurements.PERPENDICULAR: (codes.SCT.PerpendicularAxis, codes.UCUM.Millimeter),
    measurements.AREA: (codes.SCT.Area, codes.UCUM.SquareMillimeter),
    measurements.VOLUME: (codes.SCT.Volume, codes.UCUM.CubicMillimeter),
}
#: Outcomes of a run as codes of CID 6047, or private codes where it has none.
OUTCOMES = {
    Run.Outcome.FINDINGS: codes.DCM.AllAlgorithmsSucceededWithFindings,
    Run.Outcome.NEGATIVE: codes.DCM.AllAlgorithmsSucceededWithoutFindings,
    Run.Outcome.SORTED_ONLY: CodedConcept("sorted-only", OWN_SCHEME, "Classified only; no finding was looked for"),
    Run.Outcome.NOT_ANALYSED: CodedConcept("not-analysed", OWN_SCHEME, "Not analysed"),
}
#: The same, for a run in which part of the series could not be read.
IN_PART = {
    Run.Outcome.FINDINGS: codes.DCM.NotAllAlgorithmsSucceededWithFindings,
    Run.Outcome.NEGATIVE: codes.DCM.NotAllAlgorithmsSucceededWithoutFindings,
}
LONGEST = 64  # characters of a value with the VR LO: a label, a code meaning, a name


def label_code(finding: Finding) -> CodedConcept:
    """Return the code of a finding's label; a private code if the finding predates the storing of codes."""
    if not finding.code:
        return CodedConcept(finding.label[:16], OWN_SCHEME, finding.label_title[:LONGEST])
    return CodedConcept(finding.code, finding.code_scheme, finding.code_meaning)


def opinion_code(told: OpinionAnswer) -> CodedConcept:
    """Return the code of a second opinion's answer; if it abstains, the code for why there is no value (CID 42)."""
    if told.label is None:
        return CodedConcept.from_code(
            codes.DCM.ValueIndeterminate if told.likeliest else codes.DCM.MeasurementNotAttempted
        )
    if told.code is None:
        return CodedConcept(told.label[:16], OWN_SCHEME, told.label_title[:LONGEST])
    return CodedConcept(told.code.value, told.code.scheme, told.code.meaning)


def outcome_code(run: Run) -> CodedConcept:
    """Return the code of a run's outcome."""
    outcome = Run.Outcome(run.outcome)
    return CodedConcept.from_code((IN_PART if run.reason else OUTCOMES).get(outcome, OUTCOMES[outcome]))


def colour_of(finding: Finding) -> CIELabColor:
    """Return the display colour of a finding's label."""
    written = finding.colour or "#9aa7b4"
    return CIELabColor.from_rgb(*(int(written[at : at + 2], 16) for at in (1, 3, 5)))


def algorithm_item(stage: Stage, run: Run) -> AlgorithmIdentificationSequence:
    """Return the identification of a stage's model for an image object (PS3.3 Table 10-19)."""
    return AlgorithmIdentificationSequence(
        name=stage.model,
        family=codes.DCM.ArtificialIntelligence,
        version=stage.version,
        source=MANUFACTURER,
        parameters={"stage": stage.name, "cascade": run.cascade_digest},
    )


def algorithm_content(stage: Stage | OpinionAnswer, run: Run) -> AlgorithmIdentification:
    """Return the identification of the model of a stage or opinion for a structured report (PS3.16 TID 4019)."""
    name = stage.name if isinstance(stage, Stage) else stage.stage
    return AlgorithmIdentification(
        name=stage.model,
        version=stage.version,
        manufacturer=MANUFACTURER,
        parameters=[f"stage {name}", f"cascade sha256 {run.cascade_digest}"],
        family=codes.DCM.ArtificialIntelligence,
    )
