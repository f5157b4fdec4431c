"""Data types of FHIR that several resources use, and the systems that their codes come from."""

from datetime import UTC, datetime
from typing import Any

Resource = dict[str, Any]

FHIR_VERSION = "4.0.1"
DICOM_UID = "urn:dicom:uid"
URI = "urn:ietf:rfc:3986"
UCUM = "http://unitsofmeasure.org"
LOINC = "http://loinc.org"
OURS = "https://readroom.invalid/fhir/label"
#: Coding scheme designators of DICOM (PS3.16 section 8) as FHIR names them.
SYSTEMS = {"DCM": "http://dicom.nema.org/resources/ontology/DCM", "SCT": "http://snomed.info/sct", "99READROOM": OURS}
IDENTIFIER_TYPE = "http://terminology.hl7.org/CodeSystem/v2-0203"
DIAGNOSTIC_SECTION = "http://terminology.hl7.org/CodeSystem/v2-0074"
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
OBSERVATION_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


def coding(system: str, code: str, display: str = "") -> Resource:
    """Return a Coding."""
    return {"system": system, "code": code} | ({"display": display} if display else {})


def concept(*codings: Resource, text: str = "") -> Resource:
    """Return a CodeableConcept."""
    told: Resource = {"coding": list(codings)} if codings else {}
    return told | ({"text": text} if text else {})


def reference(kind: str, pk: object) -> Resource:
    """Return a Reference to one of our resources."""
    return {"reference": f"{kind}/{pk}", "type": kind}


def instant(at: datetime) -> str:
    """Return a moment as FHIR writes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def uid_identifier(uid: str) -> Resource:
    """Return the identifier that stands for a DICOM UID (ImagingStudy, section on UIDs)."""
    return {"system": DICOM_UID, "value": f"urn:oid:{uid}"}


def filled(resource: Resource) -> Resource:
    """Leave out what is empty: FHIR knows no empty values."""
    return {name: value for name, value in resource.items() if value not in (None, "", [], {})}
