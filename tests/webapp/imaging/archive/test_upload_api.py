"""The address for uploads: who may, what is too much, and what a full disk or a lost database answers."""

import errno
import logging
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from tests.phantoms import dicom, pictures
from tests.webapp import factories
from webapp.foundation.accounts.models import User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.models import AuditEvent
from webapp.imaging.archive.api import is_full
from webapp.imaging.archive.models import Instance
from workers import storage

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own."""
    monkeypatch.setenv("READROOM_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def browser() -> Client:
    """A clinician's browser, whose mistakes of ours are answered and not raised."""
    client = Client(raise_request_exception=False)
    client.force_login(factories.clinician())
    return client


def upload(client: Client, content: bytes, **more: Any) -> Any:
    """Post one file."""
    return client.post(reverse("upload-api"), {"file": SimpleUploadedFile("sent.dcm", content), **more})


def image(tmp_path: Path) -> bytes:
    """Return the bytes of a sound image."""
    return dicom.saved(dicom.image(), tmp_path / "a.dcm").read_bytes()


def test_one_file_one_answer(tmp_path: Path, browser: Client) -> None:
    answer = upload(browser, image(tmp_path), name="folder/a.dcm")
    instance = Instance.objects.select_related("series").get()
    assert answer.status_code == 200
    assert answer.json() == {
        "files": [
            {
                "name": "folder/a.dcm",
                "status": "stored",
                "reason": "",
                "study": str(instance.series.study_id),
                "series": str(instance.series_id),
            }
        ]
    }


def test_without_a_name_the_file_has_its_own(tmp_path: Path, browser: Client) -> None:
    assert upload(browser, image(tmp_path)).json()["files"][0]["name"] == "sent.dcm"


def test_a_name_is_shown_back_as_one_line(browser: Client) -> None:
    name = upload(browser, b"x", name="a\r\nSet-Cookie: b\u202e" + "c" * 999).json()["files"][0]["name"]
    assert name == ("aSet-Cookie: b" + "c" * 999)[:300]


@pytest.mark.parametrize("how_many", [0, 2])
def test_a_request_is_about_one_file(browser: Client, how_many: int) -> None:
    files = [SimpleUploadedFile(f"{number}.dcm", b"x") for number in range(how_many)]
    answer = browser.post(reverse("upload-api"), {"name": "a", "file": files})
    assert (answer.status_code, answer.json()) == (400, {"detail": "Send one file in the field `file`."})


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_other_methods_are_not_allowed(browser: Client, method: str) -> None:
    assert getattr(browser, method)(reverse("upload-api")).status_code == 405


def test_strangers_are_not_served(tmp_path: Path) -> None:
    answer = upload(Client(), image(tmp_path))
    assert (answer.status_code, Instance.objects.count()) == (401, 0)


def test_a_forged_request_is_not_served(tmp_path: Path) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(factories.clinician())
    answer = upload(client, image(tmp_path))
    assert (answer.status_code, Instance.objects.count()) == (403, 0)


def test_whoever_works_nowhere_is_told_so(tmp_path: Path) -> None:
    client = Client()
    client.force_login(User.objects.create(username="nowhere", role=User.Role.ADMIN))
    answer = upload(client, image(tmp_path))
    said = "Your account belongs to no site, so nothing can be stored for it."
    assert (answer.status_code, answer.json()) == (403, {"detail": said})


def test_too_large_a_file_is_refused_by_its_size_alone(tmp_path: Path, browser: Client, settings: Settings) -> None:
    settings.UPLOAD_LARGEST_BYTES = 1 << 20
    answer = upload(browser, bytes(2 << 20))
    assert answer.status_code == 413
    assert answer.json() == {"detail": "The file is larger than 1 MiB, the limit."}
    assert upload(browser, image(tmp_path)).status_code == 200


def uploads_audited() -> int:
    """Count the files that the audit trail knows of."""
    return AuditEvent.objects.filter(code__in=[Code.UPLOADED, Code.UPLOAD_REFUSED]).count()


def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every unfinished write end on the device that is always full."""
    ordinary = storage.temporary

    def on_the_full_device() -> Path:
        path = ordinary()
        path.symlink_to("/dev/full")
        return path

    monkeypatch.setattr(storage, "temporary", on_the_full_device)


def test_a_full_disk_is_said_and_nothing_is_half_stored(
    tmp_path: Path, data_folder: Path, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full:
        full_disk(full)
        answer = upload(browser, image(tmp_path))
    assert (answer.status_code, answer.headers["Retry-After"]) == (507, "60")
    assert answer.json()["detail"].startswith("The disk is full.")
    assert Instance.objects.count() == uploads_audited() == 0
    assert [path for path in data_folder.rglob("*") if path.is_file() or path.is_symlink()] == []
    assert upload(browser, image(tmp_path)).json()["files"][0]["status"] == "stored"


def test_a_body_that_cannot_be_kept_is_passing_trouble(tmp_path: Path, browser: Client, settings: Settings) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "gone"
    answer = upload(browser, image(tmp_path))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_a_full_database_is_told_from_a_locked_one(tmp_path: Path) -> None:
    database = DatabaseWrapper({**_plain(), "NAME": str(tmp_path / "full.sqlite3")}, "full")
    with database.cursor() as cursor:
        cursor.execute("CREATE TABLE t (x)")
        cursor.execute("PRAGMA max_page_count = 3")
        with pytest.raises(OperationalError) as full:
            cursor.execute("INSERT INTO t VALUES (zeroblob(1000000))")
        with pytest.raises(OperationalError) as other:
            cursor.execute("SELECT x FROM nothing")
    database.close()
    assert is_full(full.value)
    assert not is_full(other.value)
    assert is_full(OSError(errno.EDQUOT, "quota"))
    assert not is_full(OSError(errno.EIO, "broken"))


def _plain() -> dict[str, Any]:
    return {
        "OPTIONS": {},
        "TIME_ZONE": None,
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": False,
        "AUTOCOMMIT": True,
        "ATOMIC_REQUESTS": False,
        "USER": "",
        "PASSWORD": "",
        "HOST": "",
        "PORT": "",
        "TEST": {},
    }


def test_no_name_of_a_patient_gets_out(
    tmp_path: Path, browser: Client, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """The canary: one name in the header, in the file's name and in a refused file; then look where it is."""
    caplog.set_level(logging.DEBUG)
    name = f"{dicom.CANARY}.dcm"
    said = upload(browser, image(tmp_path), name=name)
    upload(browser, b"Report on " + dicom.CANARY.encode(), name=name)
    upload(browser, image(tmp_path)[:-9], name=name)
    answers = [said.request["PATH_INFO"], said.request["QUERY_STRING"], said.content.decode().replace(name, "")]
    written = capfd.readouterr()
    rows = [str(row) for row in AuditEvent.objects.values()]
    assert uploads_audited() == 3
    for canary in (*dicom.CANARY.split("^"), dicom.CANARY_ID):
        assert not any(canary in text for text in (*answers, *rows, caplog.text, written.out, written.err))


def test_pictures_go_in_by_the_same_address(tmp_path: Path, browser: Client) -> None:
    answers = [upload(browser, pictures.png(tmp_path / "a", seed=seed).read_bytes()).json() for seed in (1, 1, 2)]
    assert [answer["files"][0]["status"] for answer in answers] == ["stored", "duplicate", "stored"]
