"""Patient: who it is, in the few words that the header tells."""

from webapp.exchange.fhir.datatypes import IDENTIFIER_TYPE, Resource, coding, concept, filled
from webapp.imaging.archive.models import Patient
from webapp.imaging.archive.presenters import NO_NUMBER

#: PatientSex (0010,0040) as FHIR's administrative gender; what the header does not say is unknown.
GENDERS = {"M": "male", "F": "female", "O": "other"}


def number_system(site: int) -> str:
    """Return the system of the patient numbers of a site: a number means nothing without it."""
    return f"urn:readroom:site:{site}:patient"


def patient_resource(patient: Patient) -> Resource:
    """Return a Patient."""
    number = {
        "type": concept(coding(IDENTIFIER_TYPE, "MR", "Medical record number")),
        "system": number_system(patient.site_id),
        "value": patient.patient_id,
    }
    family, given, *_rest = [*patient.name.partition("=")[0].split("^"), "", ""]
    name = filled({"family": family.strip(), "given": given.split()})
    return filled(
        {
            "resourceType": "Patient",
            "id": str(patient.pk),
            "identifier": [] if patient.patient_id.startswith(NO_NUMBER) else [number],
            "name": [name] if name else [],
            "gender": GENDERS.get(patient.sex.upper(), "unknown"),
            "birthDate": patient.birth_date.isoformat() if patient.birth_date else None,
        }
    )
