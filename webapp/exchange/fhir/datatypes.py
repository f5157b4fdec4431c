"""Data types of FHIR that several resources use, and the systems that their codes come from.

Resources are built with `fhir.resources`, which refuses what FHIR does not allow. Its R4B (4.3.0) is the edition
nearest to R4 (4.0.1): of the elements that are written here only `Device` differs, which has more of them there.
"""

from datetime import UTC, date, datetime
from typing import Any

from fhir.resources.R4B.codeableconcept import CodeableConcept
from fhir.resources.R4B.coding import Coding
from fhir.resources.R4B.identifier import Identifier
from fhir.resources.R4B.reference import Reference

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


def words(text: str) -> str | None:
    """Return a text of a header without blanks around it; None for one of blanks alone, which FHIR does not know."""
    return text.strip() or None


def coding(system: str, code: str, display: str = "") -> Coding:
    """Return a Coding; a code of a header may have blanks where FHIR knows none (datatypes, code)."""
    return Coding(system=system, code=" ".join(code.split()), display=words(display))


def concept(*codings: Coding, text: str = "") -> CodeableConcept:
    """Return a CodeableConcept."""
    return CodeableConcept(coding=list(codings) or None, text=words(text))


def reference(kind: str, pk: object) -> Reference:
    """Return a Reference to one of our resources."""
    return Reference(reference=f"{kind}/{pk}", type=kind)


def instant(at: datetime) -> datetime:
    """Return a moment as FHIR writes it: in UTC, to the millisecond."""
    return at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000)


def day(on: date | None) -> Any:
    """Return a day as a dateTime, which may be a day alone (datatypes, dateTime): their types do not say so."""
    return on


def uid_identifier(uid: str) -> Identifier:
    """Return the identifier that stands for a DICOM UID (ImagingStudy, section on UIDs)."""
    return Identifier(system=DICOM_UID, value=f"urn:oid:{uid}")
