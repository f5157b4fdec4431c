"""Inspection of a file before it is stored: runs once, in the reader process, which a malformed file may crash."""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from pydicom.dataset import FileDataset

from ml.dicomio.dicom import dataset_read, frame_count, has_pixels
from ml.dicomio.errors import Refused
from ml.dicomio.header import header_facts, position_along_normal
from ml.dicomio.index import ObjectIndex, index_of
from ml.dicomio.pixels import frame_of
from ml.dicomio.secondary_capture import captured
from ml.dicomio.sniff import sniff
from ml.dicomio.values import day, text, uid_of, whole_number
from ml.schemas import Answer


class Inspection(Answer):
    """Identity and geometry of one object, as its header states them. Never log it: it identifies the patient."""

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


def inspect(path: Path, *, wrapped: Path | None = None) -> Inspection:
    """Return what ingest needs to know of a file; the first frame is decoded, so that what is stored can be displayed.

    Parameters
    ----------
    path
        The file.
    wrapped
        Path for the DICOM object that wraps a picture (see `secondary_capture`), or None to discard it; for a picture,
        the inspection describes that object.

    Raises
    ------
    Refused
        If the file is neither a DICOM object nor a picture, or is damaged.
    """
    kind = sniff(path)
    if kind == "zip":
        raise Refused("A zip inside a zip is not opened.")
    return _picture(path, wrapped) if kind == "picture" else _object(path)


def _picture(path: Path, wrapped: Path | None) -> Inspection:
    with TemporaryDirectory() as folder:
        out = wrapped or Path(folder, "wrapped")
        captured(path, out=out)
        return _object(out).model_copy(update={"kind": "picture"})


def _object(path: Path) -> Inspection:
    ds = dataset_read(path)
    if has_pixels(ds):
        frame_of(ds, frame=0)
    return _header(ds).model_copy(update={"index": index_of(ds, path)})


def head(path: Path) -> Inspection:
    """Return the inspection of a DICOM file's header, without reading its pixel data; raises as `inspect`."""
    return _header(dataset_read(path, pixels=False))


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
