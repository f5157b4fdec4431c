"""Patient: who it is, in the few words that the header tells."""

from fhir.resources.R4B.humanname import HumanName
from fhir.resources.R4B.identifier import Identifier
from fhir.resources.R4B.patient import Patient

from webapp.exchange.fhir.datatypes import IDENTIFIER_TYPE, coding, concept, words
from webapp.imaging.archive import models
from webapp.imaging.archive.presenters import NO_NUMBER

#: PatientSex (0010,0040) as FHIR's administrative gender; what the header does not say is unknown.
GENDERS = {"M": "male", "F": "female", "O": "other"}


def number_system(site: int) -> str:
    """Return the system of the patient numbers of a site: a number means nothing without it."""
    return f"urn:readroom:site:{site}:patient"


def patient_resource(patient: models.Patient) -> Patient:
    """Return a Patient."""
    number = Identifier(
        type=concept(coding(IDENTIFIER_TYPE, "MR", "Medical record number")),
        system=number_system(patient.site_id),
        value=words(patient.patient_id),
    )
    family, given, *_rest = [*patient.name.partition("=")[0].split("^"), "", ""]
    given_names: list[str | None] = [*given.split()]
    name = HumanName(family=words(family), given=given_names or None)
    return Patient(
        id=str(patient.pk),
        identifier=None if patient.patient_id.startswith(NO_NUMBER) else [number],
        name=[name] if name.family or name.given else None,
        gender=GENDERS.get(patient.sex.upper(), "unknown"),
        birthDate=patient.birth_date,
    )
