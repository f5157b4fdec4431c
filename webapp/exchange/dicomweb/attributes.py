"""The attributes that are searched for and returned and where they are (PS3.18 tables 10.6.1-5, 10.6.3-3 to -5)."""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

from django.db.models import F, Model
from pydicom.datadict import dictionary_VR, tag_for_keyword

from webapp.imaging.archive.models import Instance, Series, Study


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
        Path of the column from the row of its level; those of `COUNTED` are computed.
    is_key
        Whether it can be searched for.
    tag, vr
        Eight hexadecimal digits, and the value representation, both of the dictionary (PS3.6).
    """

    keyword: str
    level: Level
    column: str
    is_key: bool = True
    tag: str = field(init=False)
    vr: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tag", f"{tag_for_keyword(self.keyword):08X}")
        object.__setattr__(self, "vr", dictionary_VR(self.keyword))


#: Columns that no table has: computed for the rows of a page.
COUNTED: Final = frozenset({"modalities", "series_count", "instance_count"})
ATTRIBUTES: Final = (
    Attribute("StudyDate", Level.STUDY, "study_date"),
    Attribute("StudyTime", Level.STUDY, "study_time"),
    Attribute("AccessionNumber", Level.STUDY, "accession_number"),
    Attribute("ModalitiesInStudy", Level.STUDY, "modalities"),
    Attribute("ReferringPhysicianName", Level.STUDY, "referring_physician"),
    Attribute("StudyDescription", Level.STUDY, "description"),
    Attribute("PatientName", Level.STUDY, "patient__name"),
    Attribute("PatientID", Level.STUDY, "patient__patient_id"),
    Attribute("PatientBirthDate", Level.STUDY, "patient__birth_date"),
    Attribute("PatientSex", Level.STUDY, "patient__sex"),
    Attribute("StudyInstanceUID", Level.STUDY, "study_instance_uid"),
    Attribute("StudyID", Level.STUDY, "study_id"),
    Attribute("NumberOfStudyRelatedSeries", Level.STUDY, "series_count", is_key=False),
    Attribute("NumberOfStudyRelatedInstances", Level.STUDY, "instance_count", is_key=False),
    Attribute("Modality", Level.SERIES, "modality"),
    Attribute("SeriesDescription", Level.SERIES, "description"),
    Attribute("BodyPartExamined", Level.SERIES, "body_part"),
    Attribute("SeriesInstanceUID", Level.SERIES, "series_instance_uid"),
    Attribute("SeriesNumber", Level.SERIES, "series_number"),
    Attribute("NumberOfSeriesRelatedInstances", Level.SERIES, "instance_count", is_key=False),
    Attribute("SOPClassUID", Level.INSTANCE, "sop_class_uid"),
    Attribute("SOPInstanceUID", Level.INSTANCE, "sop_instance_uid"),
    Attribute("InstanceNumber", Level.INSTANCE, "instance_number"),
    Attribute("NumberOfFrames", Level.INSTANCE, "number_of_frames"),
    Attribute("Rows", Level.INSTANCE, "rows"),
    Attribute("Columns", Level.INSTANCE, "columns"),
    Attribute("AvailableTransferSyntaxUID", Level.INSTANCE, "index__transfer_syntax_uid"),
)
BY_KEYWORD: Final = {attribute.keyword: attribute for attribute in ATTRIBUTES}
#: By level of the rows: the path from them to a row of each level above.
PATHS = {
    Level.STUDY: {Level.STUDY: ""},
    Level.SERIES: {Level.STUDY: "study__", Level.SERIES: ""},
    Level.INSTANCE: {Level.STUDY: "series__study__", Level.SERIES: "series__", Level.INSTANCE: ""},
}
MODELS: dict[Level, type[Model]] = {Level.STUDY: Study, Level.SERIES: Series, Level.INSTANCE: Instance}
UID_COLUMNS = {
    Level.STUDY: "study_instance_uid",
    Level.SERIES: "series_instance_uid",
    Level.INSTANCE: "sop_instance_uid",
}
#: The newest arrivals first; what arrived together stays in its own order.
ORDERS: dict[Level, tuple[Any, ...]] = {
    Level.STUDY: ("-arrived_at", "pk"),
    Level.SERIES: ("-study__arrived_at", "study", F("series_number").asc(nulls_last=True), "pk"),
    Level.INSTANCE: (
        "-series__study__arrived_at",
        "series__study",
        F("series__series_number").asc(nulls_last=True),
        "series",
        F("position").asc(nulls_last=True),
        F("instance_number").asc(nulls_last=True),
        "sop_instance_uid",
    ),
}
