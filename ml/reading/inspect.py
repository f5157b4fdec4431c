"""What intake must know of a file before it is stored: read once, in a process that may die of it."""

import hashlib
from datetime import date
from pathlib import Path
from typing import Literal

from pydicom.dataset import FileDataset

from ml.answer import Answer
from ml.reading.dicom import dataset_read, frame_count, has_pixels
from ml.reading.header import header_facts, position_along_normal
from ml.reading.index import ObjectIndex, index_of
from ml.reading.pictures import picture_read
from ml.reading.pixels import frame_of
from ml.reading.refusal import Refused
from ml.reading.sniff import sniff
from ml.reading.values import day, text, uid_of, whole_number

#: UIDs of pictures are made from their bytes, so that the same picture is the same instance
#: (PS3.5 B.2: 2.25. and a 128-bit number).
UUID_ROOT = "2.25."


class Inspection(Answer):
    """Identity and geometry of one object, as its header states them. Never logged: it names the patient."""

    kind: Literal["dicom", "picture"]
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    sop_class_uid: str = ""
    patient_id: str = ""
    patient_name: str = ""
    patient_birth_date: date | None = None
    patient_sex: str = ""
    study_id: str = ""
    study_date: date | None = None
    study_time: str = ""
    referring_physician: str = ""
    study_description: str = ""
    accession_number: str = ""
    series_number: int | None = None
    series_description: str = ""
    modality: str = ""
    body_part: str = ""
    laterality: str = ""
    instance_number: int | None = None
    position: float | None = None
    number_of_frames: int = 1
    rows: int = 0
    columns: int = 0
    has_pixels: bool = True
    index: ObjectIndex | None = None


def inspect(path: Path) -> Inspection:
    """Read what intake needs and decode a first frame, so that what is stored can also be shown.

    Raises
    ------
    Refused
        If the file is no DICOM object or picture, or is damaged.
    """
    kind = sniff(path)
    if kind == "zip":
        raise Refused("A zip inside a zip is not opened.")
    if kind == "picture":
        return _picture(path)
    ds = dataset_read(path)
    if has_pixels(ds):
        frame_of(ds, frame=0)
    return _header(ds).model_copy(update={"index": index_of(ds, path)})


def head(path: Path) -> Inspection:
    """Read the header of a DICOM file alone, without its pixels; raises as `inspect` does."""
    return _header(dataset_read(path, pixels=False))


def _picture(path: Path) -> Inspection:
    rows, columns = picture_read(path).shape[:2]
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
    uids = [_uid_made(level + digest) for level in (b"study", b"series", b"instance")]
    return Inspection(
        kind="picture",
        study_instance_uid=uids[0],
        series_instance_uid=uids[1],
        sop_instance_uid=uids[2],
        rows=rows,
        columns=columns,
    )


def _header(ds: FileDataset) -> Inspection:
    words = header_facts(ds).words
    return Inspection(
        kind="dicom",
        study_instance_uid=uid_of(ds, "StudyInstanceUID"),
        series_instance_uid=uid_of(ds, "SeriesInstanceUID"),
        sop_instance_uid=uid_of(ds, "SOPInstanceUID"),
        sop_class_uid=str(ds.get("SOPClassUID") or ""),
        patient_id=text(ds, "PatientID", longest=64),
        patient_name=text(ds, "PatientName", longest=324),
        patient_birth_date=day(ds, "PatientBirthDate"),
        patient_sex=text(ds, "PatientSex", longest=16),
        study_id=text(ds, "StudyID", longest=16),
        study_date=day(ds, "StudyDate"),
        study_time=text(ds, "StudyTime", longest=16),
        referring_physician=text(ds, "ReferringPhysicianName", longest=324),
        study_description=text(ds, "StudyDescription", longest=128),
        accession_number=text(ds, "AccessionNumber", longest=32),
        series_number=whole_number(ds, "SeriesNumber"),
        series_description=text(ds, "SeriesDescription", longest=128),
        modality=words.get("modality", ""),
        body_part=words.get("part", ""),
        laterality=words.get("laterality", ""),
        instance_number=whole_number(ds, "InstanceNumber"),
        position=position_along_normal(ds),
        number_of_frames=frame_count(ds),
        rows=whole_number(ds, "Rows") or 0,
        columns=whole_number(ds, "Columns") or 0,
        has_pixels=has_pixels(ds),
    )


def _uid_made(seed: bytes) -> str:
    return UUID_ROOT + str(int.from_bytes(hashlib.sha256(seed).digest()[:16]))
