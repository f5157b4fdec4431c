"""Patients and header values, formatted for pages."""

from dataclasses import dataclass
from datetime import date

from webapp.imaging.archive.models import Patient, Study

MODALITIES = {
    "CT": "CT", "MR": "MRI", "US": "Ultrasound", "XR": "X-ray", "CR": "X-ray", "DX": "X-ray", "RG": "X-ray",
}  # fmt: skip
#: Names of the header values that a stage's answer is compared with; "medical" stands for any known modality.
HEADER_WORDS = {**MODALITIES, "medical": "a known modality"}
SEXES = {"M": "male", "F": "female", "O": "other"}


@dataclass(frozen=True)
class Person:
    """The patient's demographics as a list or an image overlay shows them."""

    name: str
    number: str
    born: date | None
    age: str
    sex: str
    is_known: bool = True


#: Prefix of the number that ingest assigns to a patient whose header states no PatientID.
NO_NUMBER = "no number"
NOBODY = Person(name="No header: picture", number="", born=None, age="", sex="", is_known=False)


def person_of(study: Study) -> Person:
    """Return the patient of a study for display; `NOBODY` for a picture without a header."""
    patient = study.patient
    if patient is None:
        return NOBODY
    return Person(
        name=format_person_name(patient.name) or "Name not stated",
        number=NO_NUMBER if patient.patient_id.startswith(NO_NUMBER) else patient.patient_id,
        born=patient.birth_date,
        age=format_age(patient, on=study.study_date or study.arrived_at.date()),
        sex=SEXES.get(patient.sex.upper(), ""),
    )


def format_person_name(stated: str) -> str:
    """Return a DICOM person name (PS3.5 6.2.1, `family^given^middle^prefix^suffix`) as it is written in prose."""
    alphabetic = stated.partition("=")[0]
    family, given, middle, prefix, suffix = ([part.strip() for part in alphabetic.split("^")] + [""] * 5)[:5]
    first = " ".join(part for part in (prefix, given, middle) if part)
    return ", ".join(part for part in (family, first, suffix) if part)


def format_age(patient: Patient, *, on: date) -> str:
    """Return the age on a date: in years, or in months under two years; "" if unknown."""
    born = patient.birth_date
    if born is None or born > on:
        return ""
    months = (on.year - born.year) * 12 + on.month - born.month - (on.day < born.day)
    return f"{months} mo" if months < 24 else f"{months // 12} y"
