"""What comes in is stored once, filed where it belongs, and answered in plain words."""

import hashlib
import os
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import SecondaryCaptureImageStorage, generate_uid

from ml.dicomio.grouping import series_grouped
from tests.phantoms import dicom, pictures
from tests.webapp import factories
from webapp.foundation.accounts.models import User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.models import AuditEvent
from webapp.foundation.audit.services import chain_verify
from webapp.imaging.archive import repository
from webapp.imaging.archive.ingest import (
    EMPTIED,
    NO_OBJECT,
    NOT_AS_ANNOUNCED,
    Announced,
    IngestResult,
    NoSite,
    ingest_file,
    ingest_object,
)
from webapp.imaging.archive.models import Instance, Patient, Series, Study
from webapp.imaging.archive.object_store import is_same_data_set, sweep_objects
from workers import storage

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own."""
    folder = tmp_path / "data"
    monkeypatch.setenv("READROOM_DATA", str(folder))
    return folder


@pytest.fixture
def user() -> User:
    """A clinician of the main clinic."""
    return factories.clinician()


def sent(path: Path, user: User) -> IngestResult:
    """Send one file that is no archive."""
    (filed,) = ingest_file(path=path, name=path.name, user=user, request=None)
    return filed


def stored_bytes() -> dict[str, bytes]:
    """Return every stored object by its name."""
    return {path.name: path.read_bytes() for path in (storage.root() / "objects").glob("*/*")}


def test_a_slice_is_stored_and_filed(tmp_path: Path, user: User) -> None:
    ds = dicom.series(3, StudyDescription="Brain", SeriesNumber=7, BodyPartExamined="HEAD", Laterality="R")[1]
    path = dicom.saved(ds, tmp_path / "Zwitscher.dcm")
    filed = sent(path, user)
    instance = Instance.objects.select_related("series__study__patient").get()
    series, study = instance.series, instance.series.study
    assert (filed.status, filed.reason, filed.study, filed.series) == ("stored", "", study.pk, series.pk)
    assert stored_bytes() == {instance.sha256: path.read_bytes()}
    assert hashlib.sha256(path.read_bytes()).hexdigest() == instance.sha256 == instance.original_sha256
    assert (instance.position, instance.instance_number, instance.rows, instance.laterality) == (2.5, 2, 96, "R")
    assert (series.series_number, series.body_part, series.modality, series.is_picture) == (7, "HEAD", "CT", False)
    assert (study.description, str(study.study_date), study.uploaded_by) == ("Brain", "2024-03-05", user)
    assert study.patient is not None
    assert (study.patient.name, study.patient.patient_id, study.patient.sex) == (dicom.CANARY, dicom.CANARY_ID, "F")


def test_a_series_is_filed_together_and_told_of_each_arrival(tmp_path: Path, user: User) -> None:
    paths = [dicom.saved(ds, tmp_path / f"{n}") for n, ds in enumerate(dicom.series(3))]
    sent(paths[0], user)
    before = Series.objects.get().last_arrival_at
    assert {sent(path, user).series for path in paths[1:]} == {Series.objects.get().pk}
    assert Series.objects.get().last_arrival_at > before
    assert (Patient.objects.count(), Study.objects.count(), Instance.objects.count()) == (1, 1, 3)


@pytest.mark.parametrize("missing", [{}, {"ImagePositionPatient": None}])
def test_the_page_and_the_command_line_sort_slices_alike(tmp_path: Path, user: User, missing: dict[str, None]) -> None:
    drawn = dicom.series(5, gap=-4.0, **missing)
    drawn[2].InstanceNumber = None
    if not missing:
        del drawn[4].ImagePositionPatient
    (tmp_path / "slices").mkdir()
    paths = {ds.SOPInstanceUID: dicom.saved(ds, tmp_path / "slices" / f"{n}") for n, ds in enumerate(drawn)}
    for path in paths.values():
        sent(path, user)
    (series,) = series_grouped([tmp_path / "slices"])
    on_the_page = Series.objects.get().instances.values_list("sop_instance_uid", flat=True)
    assert [paths[uid] for uid in on_the_page] == list(series.paths)


def test_a_picture_is_a_study_without_a_patient(tmp_path: Path, user: User) -> None:
    filed = sent(pictures.jpeg(tmp_path / "a.jpg"), user)
    series = Series.objects.select_related("study").get()
    assert (filed.status, filed.series) == ("stored", series.pk)
    assert (series.is_picture, series.study.patient) == (True, None)


@pytest.mark.parametrize("made", [pictures.png, pictures.jpeg])
def test_a_picture_is_stored_as_an_object_and_known_again_by_either(
    tmp_path: Path, user: User, made: Callable[[Path], Path]
) -> None:
    path = made(tmp_path / "a")
    assert sent(path, user).status == "stored"
    instance = Instance.objects.get()
    ds = pydicom.dcmread(storage.object_path(instance.sha256))
    assert (ds.SOPInstanceUID, ds.SOPClassUID) == (instance.sop_instance_uid, SecondaryCaptureImageStorage)
    assert instance.original_sha256 == hashlib.sha256(path.read_bytes()).hexdigest() != instance.sha256
    assert instance.index.frame_count == 1
    assert list(stored_bytes()) == [instance.sha256]
    assert sent(path, user).status == "duplicate"
    assert sent(storage.object_path(instance.sha256), user).status == "duplicate"
    assert ingest_object(path=storage.object_path(instance.sha256), user=user, request=None).status == "duplicate"
    assert ingest_object(path=path, user=user, request=None).reason == NO_OBJECT


def test_a_report_is_kept_and_has_no_pixels(tmp_path: Path, user: User) -> None:
    assert sent(dicom.saved(dicom.report(), tmp_path / "sr"), user).status == "stored"
    assert not Instance.objects.get().has_pixels


def test_the_same_file_again_is_a_duplicate(tmp_path: Path, user: User) -> None:
    path = dicom.saved(dicom.image(), tmp_path / "a")
    first, again = sent(path, user), sent(path, user)
    assert (again.status, again.study, again.series) == ("duplicate", first.study, first.series)
    assert Instance.objects.count() == len(stored_bytes()) == 1


def test_another_site_has_rows_of_its_own(tmp_path: Path, user: User) -> None:
    path = dicom.saved(dicom.image(), tmp_path / "a")
    there = factories.clinician("elsewhere", at=factories.site("Elsewhere"))
    assert [sent(path, user).status, sent(path, there).status] == ["stored", "stored"]
    assert {instance.site.name for instance in Instance.objects.all()} == {"Main clinic", "Elsewhere"}
    assert len(stored_bytes()) == 1


def test_the_same_uid_with_other_bytes_is_refused_and_audited(tmp_path: Path, user: User) -> None:
    ds = dicom.image()
    first = dicom.saved(ds, tmp_path / "a")
    kept = first.read_bytes()
    sent(first, user)
    ds.StudyDescription = "changed"
    filed = sent(dicom.saved(ds, tmp_path / "b"), user)
    assert (filed.status, filed.reason) == ("refused", repository.OTHER_CONTENTS)
    assert storage.object_path(Instance.objects.get().sha256).read_bytes() == kept
    refusal = AuditEvent.objects.get(code=Code.UPLOAD_REFUSED)
    assert (refusal.success, refusal.actor) == (False, user.username)
    assert hashlib.sha256((tmp_path / "b").read_bytes()).hexdigest() in refusal.details


def test_the_same_object_with_other_file_meta_information_is_the_same(tmp_path: Path, user: User) -> None:
    ds = dicom.image()
    plain = dicom.saved(ds, tmp_path / "a").read_bytes()
    first = sent(tmp_path / "a", user)
    ds.file_meta.ImplementationVersionName = "SOMEBODY ELSE"
    assert plain != dicom.saved(ds, tmp_path / "b").read_bytes()
    again = sent(tmp_path / "b", user)
    assert (again.status, again.series) == ("duplicate", first.series)
    assert Instance.objects.get().sha256 == hashlib.sha256(plain).hexdigest()


def test_the_same_bytes_in_another_transfer_syntax_are_another_object(tmp_path: Path) -> None:
    plain = dicom.saved(dicom.image(), tmp_path / "a").read_bytes()
    (tmp_path / "b").write_bytes(plain.replace(b"1.2.840.10008.1.2.1\x00", b"1.2.840.10008.1.2.2\x00"))
    (tmp_path / "c").write_bytes(plain[144 + int.from_bytes(plain[140:144], "little") :])  # says nothing of itself
    assert is_same_data_set(tmp_path / "a", tmp_path / "a")
    assert not is_same_data_set(tmp_path / "a", tmp_path / "b")
    assert not is_same_data_set(tmp_path / "c", tmp_path / "c")


def test_an_object_other_than_the_announced_one_is_refused(tmp_path: Path, user: User) -> None:
    ds = dicom.image()
    path = dicom.saved(ds, tmp_path / "a")
    for wrong in (Announced(ds.SOPClassUID, generate_uid()), Announced(generate_uid(), ds.SOPInstanceUID)):
        (filed,) = ingest_file(path=path, name="", user=user, announced=wrong)
        assert (filed.status, filed.reason, filed.fault) == ("refused", NOT_AS_ANNOUNCED, "not as announced")
    right = Announced(ds.SOPClassUID, ds.SOPInstanceUID)
    (filed,) = ingest_file(path=path, name="", user=user, address="192.0.2.1", announced=right)
    assert filed.status == "stored"
    assert AuditEvent.objects.get(code=Code.UPLOADED).address == "192.0.2.1"


def test_a_study_of_another_patient_is_refused(tmp_path: Path, user: User) -> None:
    study = generate_uid()
    sent(dicom.saved(dicom.image(StudyInstanceUID=study), tmp_path / "a"), user)
    other = dicom.image(StudyInstanceUID=study, PatientID="OTHER", PatientName="Other^Person")
    assert sent(dicom.saved(other, tmp_path / "b"), user).reason == repository.OTHER_PATIENT
    assert Patient.objects.count() == Instance.objects.count() == 1


def test_a_series_of_another_study_is_refused(tmp_path: Path, user: User) -> None:
    series = generate_uid()
    sent(dicom.saved(dicom.image(SeriesInstanceUID=series), tmp_path / "a"), user)
    assert (
        sent(dicom.saved(dicom.image(SeriesInstanceUID=series), tmp_path / "b"), user).reason == repository.OTHER_STUDY
    )
    assert Study.objects.count() == 1


def test_another_person_with_the_same_number_is_refused(tmp_path: Path, user: User) -> None:
    sent(dicom.saved(dicom.image(), tmp_path / "a"), user)
    other = dicom.image(PatientName="Other^Person", PatientBirthDate="20010203")
    assert sent(dicom.saved(other, tmp_path / "b"), user).reason == repository.OTHER_PERSON
    respelt = dicom.image(PatientName="Kanarienvogel^Zwitscher^Maria")
    assert sent(dicom.saved(respelt, tmp_path / "c"), user).status == "stored"


def test_what_a_first_file_left_blank_a_later_one_fills(tmp_path: Path, user: User) -> None:
    sent(dicom.saved(dicom.image(PatientName=None, PatientBirthDate=None), tmp_path / "a"), user)
    sent(dicom.saved(dicom.image(), tmp_path / "b"), user)
    patient = Patient.objects.get()
    assert (patient.name, str(patient.birth_date)) == (dicom.CANARY, "1970-01-02")


def test_people_without_a_number_are_never_joined(tmp_path: Path, user: User) -> None:
    study = generate_uid()
    for number, uid in enumerate((study, study, generate_uid())):
        sent(dicom.saved(dicom.image(PatientID=None, StudyInstanceUID=uid), tmp_path / f"{number}"), user)
    assert Patient.objects.count() == Study.objects.count() == 2
    assert {patient.patient_id[:9] for patient in Patient.objects.all()} == {"no number"}


def test_a_program_in_the_preamble_is_not_stored(tmp_path: Path, user: User) -> None:
    clean = dicom.saved(dicom.image(), tmp_path / "a").read_bytes()
    armed = tmp_path / "b"
    armed.write_bytes(b"MZ" + b"\x90" * 126 + clean[128:])
    filed = sent(armed, user)
    instance = Instance.objects.get()
    assert (filed.status, filed.reason) == ("stored", EMPTIED)
    assert stored_bytes() == {instance.sha256: clean}
    assert instance.original_sha256 == hashlib.sha256(armed.read_bytes()).hexdigest() != instance.sha256
    assert sent(armed, user).status == "duplicate"
    assert sent(tmp_path / "a", user).status == "duplicate"


def test_one_bad_member_never_hurts_the_rest(tmp_path: Path, user: User) -> None:
    archive = tmp_path / "study.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        out.mkdir("folder")
        for number, ds in enumerate(dicom.series(3)):
            out.write(dicom.saved(ds, tmp_path / "slice"), f"folder/{number}.dcm")
        out.writestr("folder/readme.txt", "hello")
        out.writestr("/etc/../../climbs.png", pictures.png(tmp_path / "a.png").read_bytes())
    filed = ingest_file(path=archive, name="study.zip", user=user, request=None)
    assert [each.status for each in filed] == ["stored"] * 3 + ["refused", "stored"]
    assert [each.name for each in filed][3:] == ["folder/readme.txt", "/etc/../../climbs.png"]
    assert Instance.objects.count() == 4
    again = ingest_file(path=archive, name="study.zip", user=user, request=None)
    assert [each.status for each in again] == ["duplicate"] * 3 + ["refused", "duplicate"]


def test_nothing_is_left_behind(tmp_path: Path, data_folder: Path, user: User) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("a.png", pictures.png(tmp_path / "a.png").read_bytes())
        out.writestr("b.txt", "no image")
    ingest_file(path=archive, name="a.zip", user=user, request=None)
    assert list((data_folder / "tmp").iterdir()) == []
    outside = {path.name for path in tmp_path.iterdir()}
    assert outside == {"a.png", "a.zip", "data"}


def test_bytes_without_a_row_are_swept_and_others_kept(tmp_path: Path, user: User) -> None:
    sent(dicom.saved(dicom.image(), tmp_path / "a"), user)
    owned = set(stored_bytes())
    orphan, young = factories.stored(b"an orphan"), factories.stored(b"just arriving")
    hour_ago = time.time() - 3600
    for digest in (*owned, orphan):
        os.utime(storage.object_path(digest), (hour_ago, hour_ago))
    assert sweep_objects(older_than_seconds=60) == 1
    assert set(stored_bytes()) == owned | {young}


def test_whoever_works_nowhere_can_file_nothing(tmp_path: Path) -> None:
    nobody = User.objects.create(username="nobody")
    with pytest.raises(NoSite):
        ingest_file(path=pictures.png(tmp_path / "a.png"), name="a.png", user=nobody, request=None)


def test_every_file_is_audited_without_a_name(tmp_path: Path, user: User) -> None:
    sent(dicom.saved(dicom.image(), tmp_path / "Zwitscher.dcm"), user)
    sent(tmp_path / "Zwitscher.dcm", user)
    (tmp_path / "Zwitscher.txt").write_text("Kanarienvogel")
    sent(tmp_path / "Zwitscher.txt", user)
    told = list(AuditEvent.objects.order_by("pk").values_list("code", "success", "details"))
    assert [(code, success) for code, success, _ in told] == [
        (Code.UPLOADED, True),
        (Code.UPLOADED, True),
        (Code.UPLOAD_REFUSED, False),
    ]
    assert chain_verify() == (3, None)
    for canary in ("Zwitscher", "Kanarienvogel", dicom.CANARY_ID):
        assert not any(canary in details for _, _, details in told)
