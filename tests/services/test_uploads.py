"""Many senders at once, a web process killed under them, and a name that must stay where it is kept."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from pydicom.dataset import FileDataset

from tests.deployment import Deployment
from tests.phantoms import dicom, pictures
from tests.servers import wait_until
from tests.services.runs import RUNS, among, states

AT_ONCE = 20


def content(ds: FileDataset, folder: Path) -> bytes:
    """Return an object's bytes."""
    return dicom.saved(ds, folder / "drawn.dcm").read_bytes()


def object_file(deployment: Deployment, digest: str) -> Path:
    """Return where the bytes of that digest lie."""
    return deployment.data / "objects" / digest[:2] / digest


def sent_at_once(deployment: Deployment, contents: list[bytes]) -> list[dict[str, str]]:
    """Send files in as many threads and return what became of each."""
    visitor = deployment.visitor()
    with ThreadPoolExecutor(len(contents)) as senders:
        return [filed for (filed,) in senders.map(lambda each: visitor.upload("a.dcm", each), contents)]


def stored_as(deployment: Deployment, uid: str) -> list[str]:
    """Return the digests of the rows of a SOPInstanceUID."""
    return [row[0] for row in deployment.rows(f"SELECT sha256 FROM archive_instance WHERE sop_instance_uid = '{uid}'")]


def test_twenty_senders_of_one_object_make_one(deployment: Deployment, tmp_path: Path) -> None:
    ds = dicom.image(PatientID="AT-ONCE")
    whole = content(ds, tmp_path)
    filed = sent_at_once(deployment, [whole] * AT_ONCE)
    assert sorted(each["status"] for each in filed) == ["duplicate"] * (AT_ONCE - 1) + ["stored"]
    assert len({each["series"] for each in filed}) == 1
    assert stored_as(deployment, ds.SOPInstanceUID) == [hashlib.sha256(whole).hexdigest()]
    assert object_file(deployment, hashlib.sha256(whole).hexdigest()).read_bytes() == whole


def test_of_many_versions_of_one_object_one_is_kept(deployment: Deployment, tmp_path: Path) -> None:
    ds = dicom.image(PatientID="VERSIONS")
    versions = []
    for number in range(8):
        ds.StudyDescription = f"version {number}"
        versions.append(content(ds, tmp_path))
    filed = sent_at_once(deployment, versions)
    assert sorted(each["status"] for each in filed) == ["refused"] * 7 + ["stored"]
    kept = versions[[each["status"] for each in filed].index("stored")]
    assert stored_as(deployment, ds.SOPInstanceUID) == [hashlib.sha256(kept).hexdigest()]


def test_twenty_slices_at_once_make_one_series(deployment: Deployment, tmp_path: Path) -> None:
    slices = [content(ds, tmp_path) for ds in dicom.series(AT_ONCE, PatientID="SLICES")]
    filed = sent_at_once(deployment, slices)
    assert {each["status"] for each in filed} == {"stored"}
    assert len({(each["study"], each["series"]) for each in filed}) == 1


def test_what_was_acknowledged_outlives_a_killed_web(deployment: Deployment, tmp_path: Path) -> None:
    slices = [content(ds, tmp_path) for ds in dicom.series(30, PatientID="KILLED")]
    visitor = deployment.visitor()
    acknowledged: list[bytes] = []

    def send(whole: bytes) -> None:
        try:
            (filed,) = visitor.upload("a.dcm", whole)
        except httpx.HTTPError:
            return  # Nobody told the sender that it is stored.
        assert filed["status"] in {"stored", "duplicate"}
        acknowledged.append(whole)

    with ThreadPoolExecutor(4) as senders:
        sending = [senders.submit(send, whole) for whole in slices]
        wait_until(lambda: len(acknowledged) >= 5, what="the first files to be stored", every=0.01)
        deployment.kill("web")
        for each in sending:
            each.result()
    known = {row[0] for row in deployment.rows("SELECT sha256 FROM archive_instance")}
    for whole in acknowledged:
        digest = hashlib.sha256(whole).hexdigest()
        assert digest in known
        assert object_file(deployment, digest).read_bytes() == whole
    for digest in known:
        assert hashlib.sha256(object_file(deployment, digest).read_bytes()).hexdigest() == digest
    wait_until(lambda: _answers(deployment), what="the web to be back")
    assert {filed["status"] for filed in sent_at_once(deployment, slices)} <= {"stored", "duplicate"}


def _answers(deployment: Deployment) -> bool:
    try:
        return httpx.get(f"{deployment.url}/healthz").is_success
    except httpx.HTTPError:
        return False


def test_a_patients_name_stays_in_the_database_and_in_its_file(deployment: Deployment, tmp_path: Path) -> None:
    names = {"PatientName": "Canaria^Serinus", "PatientID": "SERINUS-1"}
    study = sent_at_once(deployment, [content(dicom.image(pictures.disc(seed=5), **names), tmp_path)])[0]["study"]
    wait_until(lambda: set(states(deployment, {study}).values()) == {"done"}, what="the run to end", seconds=60)
    results = f"{RUNS} JOIN dicom_objects_resultset AS results ON results.run_id = run.id WHERE {among({study})}"
    wait_until(lambda: deployment.rows(f"SELECT results.state FROM {results}") == [("done",)], what="its objects")
    words = (b"Canaria", b"Serinus", b"SERINUS-1")
    leaks = [
        path
        for path in deployment.data.rglob("*")
        if path.is_file() and path.parent.parent.name != "objects" and not path.name.startswith("db.sqlite3")
        if any(word in path.read_bytes() for word in words)
    ]
    assert leaks == []
    details = deployment.rows("SELECT details FROM audit_auditevent")
    assert not any(word.decode() in row[0] for row in details for word in words)
