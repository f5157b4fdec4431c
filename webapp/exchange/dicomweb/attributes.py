"""The attributes that can be searched for and are told (PS3.18 tables 10.6.1-5 and 10.6.3-3 to -5)."""

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Final

from pydicom.datadict import dictionary_keyword, dictionary_VR, tag_for_keyword

from webapp.exchange.dicomweb.base import BadRequest


class Level(IntEnum):
    """What is searched for."""

    STUDY = 0
    SERIES = 1
    INSTANCE = 2


@dataclass(frozen=True)
class Attribute:
    """One attribute and where its value is.

    Attributes
    ----------
    column
        Path of the column from its level's row; empty where it is worked out (see `webapp.exchange.dicomweb.qido`).
    is_key
        Whether it can be searched for.
    """

    keyword: str
    level: Level
    column: str
    is_key: bool = True

    @cached_property
    def tag(self) -> str:
        """Eight hexadecimal digits."""
        return f"{tag_for_keyword(self.keyword):08X}"

    @cached_property
    def vr(self) -> str:
        """Value representation."""
        return dictionary_VR(self.keyword)

    @cached_property
    def json_start(self) -> str:
        """How it begins in DICOM JSON."""
        return f'"{self.tag}":{{"vr":"{self.vr}"'


ATTRIBUTES: Final = tuple(
    Attribute(keyword, level, column, is_key)
    for level, rows in {
        Level.STUDY: (
            ("StudyDate", "study_date", True),
            ("StudyTime", "study_time", True),
            ("AccessionNumber", "accession_number", True),
            ("ModalitiesInStudy", "modalities", True),
            ("ReferringPhysicianName", "referring_physician", True),
            ("StudyDescription", "description", True),
            ("PatientName", "patient__name", True),
            ("PatientID", "patient__patient_id", True),
            ("PatientBirthDate", "patient__birth_date", True),
            ("PatientSex", "patient__sex", True),
            ("StudyInstanceUID", "study_instance_uid", True),
            ("StudyID", "study_id", True),
            ("NumberOfStudyRelatedSeries", "series_count", False),
            ("NumberOfStudyRelatedInstances", "instance_count", False),
        ),
        Level.SERIES: (
            ("Modality", "modality", True),
            ("SeriesDescription", "description", True),
            ("BodyPartExamined", "body_part", True),
            ("SeriesInstanceUID", "series_instance_uid", True),
            ("SeriesNumber", "series_number", True),
            ("NumberOfSeriesRelatedInstances", "instance_count", False),
        ),
        Level.INSTANCE: (
            ("SOPClassUID", "sop_class_uid", True),
            ("SOPInstanceUID", "sop_instance_uid", True),
            ("InstanceNumber", "instance_number", True),
            ("NumberOfFrames", "number_of_frames", True),
            ("Rows", "rows", True),
            ("Columns", "columns", True),
            ("AvailableTransferSyntaxUID", "index__transfer_syntax_uid", True),
        ),
    }.items()
    for keyword, column, is_key in rows
)
BY_KEYWORD: Final = {attribute.keyword: attribute for attribute in ATTRIBUTES}


def keyword_of(words: str) -> str:
    """Return the keyword of an attribute that is named by keyword or by tag; empty for `all`.

    Raises
    ------
    BadRequest
        If the dictionary (PS3.6) knows no such attribute.
    """
    if tag_for_keyword(words) is not None:
        return words
    try:
        keyword = dictionary_keyword(int(words, 16)) if len(words) == 8 else ""
    except (KeyError, ValueError):
        keyword = ""
    if not keyword:
        raise BadRequest(f"The dictionary of DICOM knows no attribute {words[:64]!r}.")
    return keyword
