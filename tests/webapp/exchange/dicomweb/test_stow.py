"""Storing: what the answer says of each object, by the rules of the one intake."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pydicom.dataset import FileDataset
from pydicom.uid import generate_uid
from pytest_django import Settings

from tests.phantoms import dicom, pictures
from tests.webapp.exchange.dicomweb.answers import ROOT, address, packed, value
from tests.webapp.exchange.dicomweb.conftest import Sender
from tests.webapp.exchange.dicomweb.plans import plan_of, walks
from webapp.exchange.dicomweb.multipart import parts_sent
from webapp.foundation.accounts.models import User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.models import AuditEvent
from webapp.imaging.archive.models import Instance
from workers import storage

FAILED, STORED, REASON, COMMENT, INSTANCE = "00081198", "00081199", "00081197", "00000902", "00081155"


def store(sender: Sender, *files: bytes, study: str = "", **more: Any) -> Any:
    """Post files as one body."""
    body, kind = packed(files, **more)
    where = f"{ROOT}/studies/{study}" if study else f"{ROOT}/studies"
    return sender.browser.post(where, body, content_type=kind)


def content(sender: Sender, ds: FileDataset) -> bytes:
    """Return the bytes of an object's file."""
    return sender.file(ds).read_bytes()


def test_objects_are_stored_and_named(sender: Sender) -> None:
    objects = dicom.series(3)
    answer = store(sender, *(content(sender, ds) for ds in objects))
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/dicom+json")
    told = answer.json()
    assert FAILED not in told
    assert value(told, "00081190") == f"http://testserver{ROOT}/studies/{objects[0].StudyInstanceUID}"
    for one, ds in zip(told[STORED]["Value"], objects, strict=True):
        assert (value(one, INSTANCE), value(one, "00081150")) == (ds.SOPInstanceUID, ds.SOPClassUID)
        assert value(one, "00081190") == f"http://testserver{address(ds)}"
    assert Instance.objects.filter(site=sender.user.site).count() == 3
    assert sender.browser.get(address(objects[0], "/metadata")).status_code == 200
    assert list((sender.folder / "data" / "tmp").iterdir()) == []


def test_the_same_bytes_twice_are_one(sender: Sender) -> None:
    sent = content(sender, dicom.image())
    first, again = store(sender, sent), store(sender, sent, sent)
    assert (first.status_code, again.status_code, Instance.objects.count()) == (200, 200, 1)
    assert len(again.json()[STORED]["Value"]) == 2


def test_the_same_uid_with_other_bytes_is_refused_and_audited(sender: Sender) -> None:
    ds = dicom.image()
    store(sender, content(sender, ds))
    ds.StudyDescription = "changed"
    other = dicom.image()
    answer = store(sender, content(sender, ds), content(sender, other))
    assert answer.status_code == 202
    (failed,) = answer.json()[FAILED]["Value"]
    assert (value(failed, INSTANCE), value(failed, REASON)) == (ds.SOPInstanceUID, 0x0111)
    assert value(failed, COMMENT).startswith("An object with the same SOPInstanceUID")
    assert value(answer.json()[STORED]["Value"][0], INSTANCE) == other.SOPInstanceUID
    assert AuditEvent.objects.filter(code=Code.UPLOAD_REFUSED, success=False).count() == 1
    assert AuditEvent.objects.filter(code=Code.UPLOADED, success=True).count() == 2


def test_a_study_takes_its_own_objects_alone(sender: Sender) -> None:
    study = generate_uid()
    own, other = dicom.image(StudyInstanceUID=study), dicom.image()
    answer = store(sender, content(sender, own), content(sender, other), study=study)
    assert answer.status_code == 202
    assert value(answer.json()[FAILED]["Value"][0], REASON) == 0xA900
    assert [one.sop_instance_uid for one in Instance.objects.all()] == [own.SOPInstanceUID]
    again = store(sender, content(sender, own), study=other.StudyInstanceUID)
    assert (again.status_code, value(again.json()[FAILED]["Value"][0], REASON)) == (409, 0xA900)


def test_what_is_no_object_is_refused_with_the_reason(sender: Sender, tmp_path: Path) -> None:
    picture = pictures.png(tmp_path / "a.png").read_bytes()
    answer = store(sender, b"hello", picture, b"PK\x03\x04" + bytes(50), content(sender, dicom.image())[:-99])
    assert (answer.status_code, Instance.objects.count()) == (409, 0)
    assert {value(one, REASON) for one in answer.json()[FAILED]["Value"]} == {0xC000}
    assert store(sender, b"{}", media="application/json").status_code == 409


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"\r\n", 'multipart/related; type="application/dicom"; boundary=x', 400),
        (b"--x--\r\n", 'multipart/related; type="application/dicom"; boundary=x', 400),
        (b"--y\r\n\r\nabc\r\n--y--", 'multipart/related; type="application/dicom"; boundary=x', 400),
        (b"--x\r\n\r\nabc", 'multipart/related; type="application/dicom"; boundary=x', 400),
        (b"--x\r\n\r\nabc\r\n--x--", 'multipart/related; type="application/dicom"', 400),
        (b"--x\r\n" + b"a: b\r\n" * 9_000, "multipart/related; boundary=x", 400),
        (b"abc", "application/dicom", 415),
        (b"--x--", 'multipart/related; type="application/dicom+json"; boundary=x', 415),
        (b"--x--", "multipart/form-data; boundary=x", 415),
    ],
)
def test_a_body_that_is_no_store_request(sender: Sender, body: bytes, kind: str, status: int) -> None:
    answer = sender.browser.post(f"{ROOT}/studies", body, content_type=kind)
    assert (answer.status_code, list(answer.json())) == (status, ["detail", "code"])
    assert list(storage.temporary().parent.iterdir()) == []


def test_more_than_is_taken_is_refused_by_its_size_alone(sender: Sender, settings: Settings) -> None:
    settings.UPLOAD_LARGEST_BYTES = 1_000
    assert store(sender, bytes(2_000)).status_code == 413


@pytest.mark.parametrize(("largest", "status"), [(1 << 20, 200), (1_000, 413)])
def test_a_body_in_chunks_states_no_length(sender: Sender, settings: Settings, largest: int, status: int) -> None:
    settings.UPLOAD_LARGEST_BYTES = largest
    body, kind = packed([content(sender, dicom.image())])
    told: dict[str, Any] = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_TYPE": kind, "CONTENT_LENGTH": ""}
    told |= {"wsgi.input": BytesIO(body), "wsgi.input_terminated": True}
    answer = sender.browser.generic("POST", f"{ROOT}/studies", b"", **told)
    assert (answer.status_code, Instance.objects.count()) == (status, int(status == 200))


def test_strangers_and_forgers_store_nothing(sender: Sender) -> None:
    body, kind = packed([content(sender, dicom.image())])
    assert Client().post(f"{ROOT}/studies", body, content_type=kind).status_code == 401
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(sender.user)
    assert forged.post(f"{ROOT}/studies", body, content_type=kind).status_code == 403
    User.objects.filter(pk=sender.user.pk).update(site=None)
    assert sender.browser.post(f"{ROOT}/studies", body, content_type=kind).status_code == 403
    assert Instance.objects.count() == 0


def test_a_full_disk_is_said(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = content(sender, dicom.image())
    full, ordinary = Path("/dev/full"), storage.temporary
    with monkeypatch.context() as broken:
        broken.setattr(storage, "temporary", lambda: _linked(ordinary(), full))
        answer = store(sender, sent)
    assert (answer.status_code, answer.headers["Retry-After"], Instance.objects.count()) == (507, "60", 0)
    assert store(sender, sent).status_code == 200


def _linked(path: Path, target: Path) -> Path:
    path.symlink_to(target)
    return path


class Dripping(BytesIO):
    """A body that comes in very small pieces."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Return three bytes at most."""
        return super().read(3 if size is None or size < 0 else min(size, 3))


@pytest.mark.parametrize("stream", [BytesIO, Dripping])
def test_parts_are_the_same_however_they_arrive(data_folder: Path, stream: type[BytesIO]) -> None:
    files = [b"", b"\r\n", b"--limit", b"\r\n--limi", b"\r\n--lim\r\n--li", bytes(range(256)) * 9]
    body, _ = packed(files)
    met = [
        (part.media, part.path.read_bytes())
        for part in parts_sent(stream(b"preamble\r\n" + body), boundary="limit", largest=1 << 20)
    ]
    assert met == [("application/dicom", one) for one in files]
    assert list((data_folder / "tmp").iterdir()) == []


def test_a_part_without_headers_is_taken(data_folder: Path) -> None:  # noqa: ARG001 - where the part lies
    met = [
        (one.media, one.path.read_bytes())
        for one in parts_sent(BytesIO(b"--x\r\n\r\nabc\r\n--x--"), boundary="x", largest=99)
    ]
    assert met == [("", b"abc")]


def test_no_name_of_a_patient_gets_out(sender: Sender, caplog: pytest.LogCaptureFixture) -> None:
    ds = dicom.image()
    answers = [store(sender, content(sender, ds)), store(sender, content(sender, ds)[:-9])]
    answers.append(sender.browser.get(address(dicom.image())))
    rows = [str(row) for row in AuditEvent.objects.values()]
    for canary in (*dicom.CANARY.split("^"), dicom.CANARY_ID):
        assert not any(canary in text for text in (*rows, caplog.text, *(one.content.decode() for one in answers)))


def test_nothing_that_storing_asks_walks_what_is_stored(sender: Sender) -> None:
    first, second = dicom.series(2)
    for one in (first, second, first):
        with CaptureQueriesContext(connection) as asked:
            assert store(sender, content(sender, one)).status_code == 200
        queries = [each["sql"] for each in asked if each["sql"].startswith("SELECT")]
        assert {query: walked for query in queries if (walked := walks(plan_of(query)))} == {}
