"""Stored headers (DICOM JSON, PS3.18 Annex F), and the elements that derived objects copy from their sources."""

import json
import warnings
import zlib
from typing import Any

from pydicom import config
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.valuerep import validate_value

from webapp.imaging.archive.indexing import instance_index
from webapp.imaging.archive.models import Instance

#: Copied into every object of a study (patient, general study, patient study: PS3.3 C.7.1.1, C.7.2.1, C.7.2.2).
OF_STUDY = (
    "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "PatientIdentityRemoved",
    "DeidentificationMethod", "StudyInstanceUID", "StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID",
    "AccessionNumber", "StudyDescription", "PatientAge", "PatientSize", "PatientWeight",
)  # fmt: skip
#: Type 2 elements: always present, empty if unknown.
EXPECTED = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "ReferringPhysicianName",
    "StudyID", "AccessionNumber",
)  # fmt: skip
SEXES = {"M", "F", "O"}
Header = dict[str, Any]


def load_header(instance: Instance) -> Header:
    """Return the stored header of an instance, without parsing its file.

    Raises
    ------
    workers.api.Refused
        If the object was stored before headers were, and can no longer be read.
    """
    told: Header = json.loads(zlib.decompress(instance_index(instance).header))
    return told


def values(told: Header, keyword: str) -> list[Any]:
    """Return the values of an element; an empty list if it is absent or empty."""
    element = told.get(f"{tag_for_keyword(keyword):08X}") or {}
    return [value for value in element.get("Value") or [] if value is not None]


def numbers(told: Header, keyword: str, *, count: int) -> tuple[float, ...] | None:
    """Return the values of an element as finite numbers; None unless it holds exactly `count` of them."""
    try:
        found = tuple(float(value) for value in values(told, keyword))
    except (TypeError, ValueError):
        return None
    return found if len(found) == count and all(abs(value) < float("inf") for value in found) else None


def of_study(told: Header) -> Dataset:
    """Return the patient and study elements that all objects of a study share, in UTF-8 (ISO_IR 192).

    Values that violate the standard are left out.
    """
    ds = Dataset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a warning would quote the patient
        for keyword in OF_STUDY:
            tag = f"{tag_for_keyword(keyword):08X}"
            if tag in told:
                element = Dataset.from_json({tag: told[tag]}).get(keyword)
                if element is not None and _is_valid(keyword, element):
                    setattr(ds, keyword, element)
    if ds.get("PatientSex") not in SEXES:
        ds.PatientSex = ""
    for keyword in EXPECTED:
        if keyword not in ds:
            setattr(ds, keyword, "")
    ds.SpecificCharacterSet = "ISO_IR 192"
    return ds


def _is_valid(keyword: str, value: Any) -> bool:
    try:
        validate_value(dictionary_VR(keyword), value, config.RAISE)
    except ValueError:
        return False
    return True
