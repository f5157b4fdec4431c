"""What intake learns of a file."""

from datetime import date
from pathlib import Path

import pytest
from pydicom.uid import UID

from ml.dicomio.errors import Refused
from ml.dicomio.inspect import inspect
from tests.phantoms import dicom, pictures
from tests.phantoms.hostile import KINDS, Hostile

#: Archives are opened by intake, one member after the other; and what kills a process is no matter of this one.
ELSEWHERE = {kind.name for kind in KINDS if "zip" in kind.name or "decoder" in kind.name} - {"gzip_bomb", "seven_zip"}
FILES = [kind for kind in KINDS if kind.name not in ELSEWHERE]


def test_identity_and_geometry_of_a_slice(tmp_path: Path) -> None:
    ds = dicom.series(3, StudyDescription="Brain", AccessionNumber="A-1", SeriesNumber=4, BodyPartExamined="HEAD")[2]
    found = inspect(dicom.saved(ds, tmp_path / "a"))
    assert (found.kind, found.modality, found.body_part) == ("dicom", "CT", "HEAD")
    assert found.study_instance_uid == ds.StudyInstanceUID
    assert found.sop_instance_uid == ds.SOPInstanceUID
    assert (found.patient_name, found.patient_id, found.patient_sex) == (dicom.CANARY, dicom.CANARY_ID, "F")
    assert (found.patient_birth_date, found.study_date) == (date(1970, 1, 2), date(2024, 3, 5))
    assert (found.series_number, found.instance_number, found.position) == (4, 3, 5.0)
    assert (found.rows, found.columns, found.number_of_frames, found.has_pixels) == (96, 80, 1, True)
    assert found.accession_number == "A-1"


def test_values_that_make_no_sense_count_as_absent(tmp_path: Path) -> None:
    path = dicom.saved(dicom.image(InstanceNumber=1, StudyDate="20240101"), tmp_path / "a")
    data = path.read_bytes().replace(b"IS\x02\x001 ", b"IS\x02\x00x ")
    path.write_bytes(data.replace(b"DA\x08\x0020240101", b"DA\x08\x0020249999"))
    found = inspect(path)
    assert (found.instance_number, found.study_date) == (None, None)


def test_text_is_one_line_and_as_long_as_its_column(tmp_path: Path) -> None:
    ds = dicom.image(StudyDescription="two\r\nlines", PatientID="7")
    ds.PatientComments = "x" * 9_999
    assert inspect(dicom.saved(ds, tmp_path / "a")).study_description == "twolines"


def test_a_picture_is_known_by_its_bytes(tmp_path: Path) -> None:
    one, same, other = (pictures.png(tmp_path / name, seed=seed) for name, seed in (("a", 1), ("b", 1), ("c", 2)))
    found = inspect(one)
    assert found.model_dump() == inspect(same).model_dump()
    assert found.sop_instance_uid != inspect(other).sop_instance_uid
    uids = {found.study_instance_uid, found.series_instance_uid, found.sop_instance_uid}
    assert len(uids) == 3
    assert all(UID(uid).is_valid for uid in uids)
    assert (found.kind, found.rows, found.columns, found.patient_id) == ("picture", 96, 80, "")


@pytest.mark.parametrize("kind", FILES, ids=lambda kind: kind.name)
def test_bad_files_get_their_sentence(tmp_path: Path, kind: Hostile) -> None:
    path = kind.make(tmp_path / "file")
    if kind.stored:
        assert inspect(path).sop_instance_uid
        return
    with pytest.raises(Refused) as refused:
        inspect(path)
    assert str(refused.value) == kind.says


def test_a_zip_is_not_a_file_to_read(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"PK\x03\x04" + bytes(100))
    with pytest.raises(Refused, match="A zip inside a zip is not opened"):
        inspect(path)
