"""DiagnosticReport, Observation and Device: what the cascade said, and which model said it. Never final."""

from decimal import Decimal

from fhir.resources.R4B.annotation import Annotation
from fhir.resources.R4B.codeableconcept import CodeableConcept
from fhir.resources.R4B.device import Device, DeviceDeviceName, DeviceVersion
from fhir.resources.R4B.diagnosticreport import DiagnosticReport
from fhir.resources.R4B.identifier import Identifier
from fhir.resources.R4B.meta import Meta
from fhir.resources.R4B.observation import Observation, ObservationComponent
from fhir.resources.R4B.quantity import Quantity

from webapp.exchange.fhir.datatypes import (
    ABSENT,
    DIAGNOSTIC_SECTION,
    LOINC,
    OBSERVATION_CATEGORY,
    OURS,
    SYSTEMS,
    UCUM,
    URI,
    coding,
    concept,
    day,
    instant,
    reference,
)
from webapp.imaging.inference.models import Finding, Run
from webapp.imaging.inference.second_opinions import opinions_of, sentences_of
from workers import api
from workers.contracts import OpinionAnswer

NOT_FINAL = "Made by a machine for research, read by nobody yet: not for diagnosis."
PUBLIC = frozenset({"DCM", "SCT"})
STATES = {Run.State.QUEUED: "registered", Run.State.DISPATCHED: "registered", Run.State.RUNNING: "registered"}
#: Outcomes that are no answer: FHIR calls a report that will never come cancelled.
WITHOUT_ANSWER = frozenset({Run.Outcome.NOT_ANALYSED, Run.Outcome.FAILED})


def report_resource(run: Run) -> DiagnosticReport:
    """Return the DiagnosticReport of a run; it names its findings as results."""
    study = run.series.study
    status = STATES.get(Run.State(run.state), "cancelled" if run.outcome in WITHOUT_ANSWER else "preliminary")
    said = " ".join(word for word in (run.urgency_reason, run.reason) if word).rstrip(".")
    return DiagnosticReport(
        id=str(run.pk),
        meta=Meta(lastUpdated=instant(run.finished_at or run.created_at)),
        identifier=[Identifier(system=URI, value=f"urn:uuid:{run.pk}")],
        status=status,
        category=[concept(coding(DIAGNOSTIC_SECTION, "RAD", "Radiology"))],
        code=concept(coding(LOINC, "18748-4", "Diagnostic imaging study"), text="Analysis by a cascade of networks"),
        subject=reference("Patient", study.patient_id),
        effectiveDateTime=day(study.study_date),
        issued=instant(run.finished_at) if run.finished_at else None,
        imagingStudy=[reference("ImagingStudy", study.pk)],
        result=[reference("Observation", finding.pk) for finding in run.findings.all()] or None,
        conclusion=f"{said}. {NOT_FINAL}" if said else NOT_FINAL,
    )


def finding_resource(finding: Finding) -> Observation:
    """Return the Observation of one finding: suspected, with its probability.

    A second opinion is a component of it, never an Observation of its own: whoever counts Observations counts findings.
    """
    run, stage = finding.run, next((one for one in finding.run.stages.all() if one.name == finding.stage), None)
    study = run.series.study
    components = [_number("Probability", round(finding.probability, 4), "1")]
    if stage is not None and stage.threshold is not None:
        components.append(_number("Threshold of the model", stage.threshold, "1"))
    opinions = opinions_of(finding)
    components += [part for told in opinions for part in _opinion(told)]
    notes = [finding.sentence, finding.experimental and f"Experimental: {finding.experimental}"]
    notes += [*(" ".join(sentences_of(told)) for told in opinions), NOT_FINAL]
    return Observation(
        id=str(finding.pk),
        meta=Meta(lastUpdated=instant(run.finished_at or run.created_at)),
        status="preliminary",
        category=[concept(coding(OBSERVATION_CATEGORY, "imaging", "Imaging"))],
        code=_labelled("finding", finding.label, finding.label_title),
        subject=reference("Patient", study.patient_id),
        effectiveDateTime=day(study.study_date),
        issued=instant(run.finished_at) if run.finished_at else None,
        valueCodeableConcept=concept(text="Suspected"),
        note=[Annotation(text=note) for note in notes if note],
        bodySite=_labelled("part", run.region, run.region.replace("_", " ").capitalize()) if run.region else None,
        device=reference("Device", device_id(stage.model, stage.version)) if stage and stage.model else None,
        derivedFrom=[reference("ImagingStudy", study.pk)],
        component=components,
    )


def device_id(model: str, version: str) -> str:
    """Return the id of a model in one version (FHIR id: letters, digits, hyphen, dot)."""
    words = f"{model}.{version}"
    return "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-.") else "-" for sign in words)[:64]


def device_resource(stage: dict[str, str]) -> Device:
    """Return the Device of a model in one version."""
    model, version = stage["model"], stage["version"]
    return Device(
        id=device_id(model, version),
        identifier=[Identifier(system="urn:readroom:model", value=f"{model}/{version}")],
        status="active",
        deviceName=[DeviceDeviceName(name=model, type="model-name")],
        type=concept(text="Software: neural network, for research use"),
        version=[DeviceVersion(value=version)],
    )


def _labelled(question: str, label: str, title: str) -> CodeableConcept:
    """Return a label as a concept: our own word, and a public code where the pathways declare one."""
    code = api.codes_declared().get(question, {}).get(label)
    return _coded(label, title, (code.scheme, code.code) if code else None)


def _coded(label: str, title: str, code: tuple[str, str] | None) -> CodeableConcept:
    """Return our own word for something, and beside it its code where that is a public one."""
    public = [coding(SYSTEMS[code[0]], code[1])] if code and code[0] in PUBLIC else []
    return concept(coding(OURS, label, title), *public, text=title)


def _opinion(told: OpinionAnswer) -> list[ObservationComponent]:
    """Return a second opinion: its answer with its own probability, or why there is none (R4, data-absent-reason)."""
    by = f"{told.title}: second opinion of {told.model} {told.version}"
    what = concept(coding(OURS, "second-opinion"), text=by)
    if told.label is None:
        why = coding(ABSENT, "asked-unknown" if told.likeliest else "not-performed")
        reason = concept(why, text=told.reason or told.label_title)
        return [ObservationComponent(code=what, dataAbsentReason=reason)]
    answer = _coded(told.label, told.label_title, (told.code.scheme, told.code.value) if told.code else None)
    sure = [] if told.probability is None else [_number(f"Probability, {by}", told.probability, "1")]
    return [ObservationComponent(code=what, valueCodeableConcept=answer), *sure]


def _number(title: str, value: float, unit: str) -> ObservationComponent:
    quantity = Quantity(value=Decimal(str(value)), unit=unit, system=UCUM, code=unit)
    return ObservationComponent(code=concept(text=title), valueQuantity=quantity)
