"""Orthanc as a peer: it sends to us and takes from us, by C-STORE and by DICOMweb; it asks and it fetches."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread

from tests.orthanc import TITLE, Orthanc
from tests.phantoms import dicom
from tests.servers import wait_until
from tests.services.listening import SECONDS, Station, data_set_of, scan
from tests.services.listening import TITLE as OURS

USER, PASSWORD = "clinician", "clinician-here"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, archive: Orthanc) -> Iterator[Station]:
    """Return a Readroom that listens and serves, and that Orthanc knows as it knows Orthanc."""
    place = Station(
        tmp_path_factory.mktemp("house"),
        READROOM_DICOM_CALLERS="*@127.0.0.1",
        READROOM_DEMO_CLINICIAN_PASSWORD=PASSWORD,
    )
    with place.listening(), place.serving() as url:
        archive.meet(title=OURS, dicom_port=place.port, url=f"{url}/dicomweb/", user=USER, password=PASSWORD)
        for words in (
            ["By C-STORE", "--host=127.0.0.1", f"--port={archive.dicom_port}", f"--title={TITLE}"],
            ["By STOW", "--kind=stow", f"--url={archive.dicomweb}"],
        ):
            assert place.manage("destinations", *words).returncode == 0
        yield place


def scanned(folder: Path, **elements: str) -> tuple[str, list[Path], list[str]]:
    """Draw a series of three; return its study, its files and their SOPInstanceUIDs."""
    files = scan(folder, 3, **elements)
    headers = [dcmread(file, stop_before_pixels=True) for file in files]
    return str(headers[0].StudyInstanceUID), files, [str(ds.SOPInstanceUID) for ds in headers]


def stored_data_set(house: Station, uid: str) -> bytes:
    """Return the data set of an object as we store it."""
    digest = house.stored()[uid]
    return data_set_of(house.data / "objects" / digest[:2] / digest)


@pytest.mark.parametrize("way", ["sends", "stores"])
def test_what_orthanc_sends_is_stored_byte_for_byte(house: Station, archive: Orthanc, tmp_path: Path, way: str) -> None:
    study, files, uids = scanned(tmp_path / "ct", PatientID=f"ORTHANC-{way}")
    for file in files:
        archive.given(file)
    getattr(archive, way)(study)
    assert [stored_data_set(house, uid) for uid in uids] == [data_set_of(file) for file in files]


def test_who_called_stands_in_the_audit_trail_though_anybody_may(
    house: Station, archive: Orthanc, tmp_path: Path
) -> None:
    study, files, _uids = scanned(tmp_path / "ct")
    archive.given(files[0])
    archive.sends(study)
    stored = "SELECT actor FROM audit_auditevent WHERE code LIKE '%file stored' ORDER BY id DESC LIMIT 1"
    assert house.rows(stored) == [(f"DICOM {TITLE}",)]
    owner = (
        "SELECT account.username FROM accounts_user AS account JOIN archive_study AS study "
        f"ON study.uploaded_by_id = account.id WHERE study.study_instance_uid = '{study}'"
    )
    assert house.rows(owner) == [("DICOM *",)]
    assert (f"DICOM {TITLE}",) in house.rows("SELECT name FROM dicom_scp_sender")


@pytest.mark.parametrize("destination", ["By C-STORE", "By STOW"])
def test_what_we_send_is_in_orthanc_byte_for_byte(
    house: Station, archive: Orthanc, tmp_path: Path, destination: str
) -> None:
    study, files, uids = scanned(tmp_path / "ct", PatientID=f"TO-{destination}")
    assert house.dcmtk("storescu", *files).returncode == 0
    assert house.manage("destinations", destination, "--echo").returncode == 0
    assert house.manage("send", study, destination).returncode == 0
    with house.running("deliver"):
        delivered(house, study)
    for uid, file in zip(uids, files, strict=True):
        (tmp_path / "theirs").write_bytes(archive.file(uid))
        assert data_set_of(tmp_path / "theirs") == data_set_of(file)


def delivered(house: Station, study: str) -> None:
    """Wait until a study is where it was sent to."""
    asked = (
        "SELECT delivery.state, delivery.said FROM routing_delivery AS delivery "
        f"JOIN archive_study AS study ON study.id = delivery.study_id WHERE study.study_instance_uid = '{study}'"
    )
    wait_until(lambda: house.rows(asked)[0][0] in {"sent", "failed"}, what="the delivery", seconds=SECONDS)
    assert house.rows(asked) == [("sent", "3 objects sent.")]


def test_orthanc_finds_a_study_here_and_fetches_it(house: Station, archive: Orthanc, tmp_path: Path) -> None:
    study, files, uids = scanned(tmp_path / "ct", PatientID="FETCHED", StudyDescription="to be fetched")
    assert house.dcmtk("storescu", *files).returncode == 0
    (found,) = archive.finds(PatientID="FETCHED")
    assert found["0020000D"]["Value"] == [study]
    assert archive.own_id(study) == ""
    archive.fetches(study)
    for uid, file in zip(uids, files, strict=True):
        assert dcmread(io.BytesIO(archive.file(uid))).PixelData == dcmread(file).PixelData


def test_what_is_sent_survives_a_kill_and_is_neither_lost_nor_sent_for_ever(
    house: Station, archive: Orthanc, tmp_path: Path
) -> None:
    slices = dicom.series(30, PatientID="KILLED-SENDING")
    files = [dicom.saved(ds, tmp_path / f"{number}.dcm") for number, ds in enumerate(slices)]
    assert house.dcmtk("storescu", *files).returncode == 0
    assert house.manage("send", slices[0].StudyInstanceUID, "By C-STORE").returncode == 0
    ((delivery,),) = house.rows("SELECT id FROM routing_delivery ORDER BY created_at DESC LIMIT 1")
    state = (
        "SELECT delivery.state, item.attempt FROM routing_delivery AS delivery JOIN outbox_outboxitem AS item "
        f"ON REPLACE(item.subject, '-', '') = delivery.id WHERE delivery.id = '{delivery}'"
    )
    taken = f"SELECT COUNT(*) FROM routing_deliveryobject WHERE state = 'sent' AND delivery_id = '{delivery}'"
    with house.running("deliver") as sender:
        wait_until(lambda: house.rows(taken)[0][0] >= 3, what="the first objects", seconds=SECONDS, every=0.01)
        sender.kill()
        sender.wait()
    assert house.rows(state) == [("sending", 1)]
    assert house.rows(taken)[0][0] < len(files)
    with house.running("deliver"):
        wait_until(lambda: house.rows(state)[0][0] == "sent", what="the rest", seconds=SECONDS)
    assert house.rows(state) == [("sent", 2)]
    assert house.rows(taken) == [(len(files),)]
    assert all(archive.own_id(str(ds.SOPInstanceUID)) for ds in slices)
