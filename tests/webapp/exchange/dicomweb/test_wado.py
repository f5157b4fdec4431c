"""Whole objects, their headers and their large values."""

import io
import json
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless, generate_uid

from tests.phantoms import dicom
from tests.webapp.exchange.dicomweb.answers import (
    EVERYTHING,
    ROOT,
    address,
    body_of,
    parts_of,
    series_address,
    uids,
    value,
)
from tests.webapp.exchange.dicomweb.conftest import Sender
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.models import AuditEvent
from webapp.imaging.archive.models import InstanceIndex
from workers import api

pytestmark = pytest.mark.sqlite

PLAIN = 'multipart/related; type="application/dicom"'


def get(sender: Sender, where: str, accept: str = "*/*", **headers: str) -> Any:
    """Ask for something."""
    return sender.browser.get(where, headers={"Accept": accept, **headers})


@pytest.fixture
def study(sender: Sender) -> list[pydicom.FileDataset]:
    """A study of two series, one of them packed."""
    uid = generate_uid()
    objects = [*dicom.series(2, StudyInstanceUID=uid), dicom.image(StudyInstanceUID=uid)]
    objects[-1].compress(RLELossless, generate_instance_uid=False)
    sender.send(*objects, dicom.image())
    return objects


def test_a_study_a_series_and_an_instance_are_given_as_they_are_stored(
    sender: Sender, study: list[pydicom.FileDataset]
) -> None:
    first = study[0]
    for where, wanted in (
        (f"{ROOT}/studies/{first.StudyInstanceUID}", study),
        (series_address(first), study[:2]),
        (address(first), study[:1]),
    ):
        parts = parts_of(get(sender, where, EVERYTHING))
        assert uids(pydicom.dcmread(io.BytesIO(content)) for _kind, content in parts) == uids(wanted)
    ((kind, content),) = parts_of(get(sender, address(study[2]), EVERYTHING))
    assert kind == f"application/dicom; transfer-syntax={RLELossless}"
    assert content == (sender.folder / f"{sender.user.pk}-3.dcm").read_bytes()


def test_who_names_no_transfer_syntax_gets_the_plain_one(sender: Sender, study: list[pydicom.FileDataset]) -> None:
    packed = study[2]
    ((kind, content),) = parts_of(get(sender, address(packed), PLAIN))
    assert kind == f"application/dicom; transfer-syntax={ExplicitVRLittleEndian}"
    unpacked = pydicom.dcmread(io.BytesIO(content))
    assert (unpacked.SOPInstanceUID, len(unpacked.PixelData)) == (packed.SOPInstanceUID, 96 * 80)
    assert list((sender.folder / "data" / "tmp").iterdir()) == []


def test_one_instance_may_come_without_an_envelope(sender: Sender, study: list[pydicom.FileDataset]) -> None:
    answer = get(sender, address(study[0]), "application/dicom")
    assert answer.headers["Content-Type"].startswith("application/dicom; transfer-syntax=")
    assert pydicom.dcmread(io.BytesIO(body_of(answer))).SOPInstanceUID == study[0].SOPInstanceUID
    assert get(sender, series_address(study[0]), "application/dicom").status_code == 406


@pytest.mark.parametrize("accept", ["text/html", "image/png", f"{PLAIN}; transfer-syntax={ImplicitVRLittleEndian}"])
def test_what_cannot_be_given_is_not_acceptable(sender: Sender, study: list[pydicom.FileDataset], accept: str) -> None:
    answer = get(sender, address(study[0]), accept)
    assert (answer.status_code, list(answer.json())) == (406, ["detail", "code"])


def test_an_object_in_bare_bytes_is_given_as_a_file(sender: Sender) -> None:
    ds = dicom.image(syntax=ImplicitVRLittleEndian)
    whole = sender.file(ds).read_bytes()
    bare = sender.folder / "bare.dcm"
    bare.write_bytes(whole[144 + int.from_bytes(whole[140:144], "little") :])
    sender.send(bare)
    ((kind, content),) = parts_of(get(sender, address(ds), EVERYTHING))
    assert (kind, content[128:132]) == (f"application/dicom; transfer-syntax={ExplicitVRLittleEndian}", b"DICM")


def test_headers_are_given_without_reading_a_file(
    sender: Sender, study: list[pydicom.FileDataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "inspect", None)
    first = study[0]
    for where, count in (
        (f"{ROOT}/studies/{first.StudyInstanceUID}/metadata", 3),
        (series_address(first, "/metadata"), 2),
        (address(first, "/metadata"), 1),
    ):
        answer = get(sender, where, "application/dicom+json")
        assert (answer.headers["Content-Type"], len(answer.json())) == ("application/dicom+json", count)
    (told,) = answer.json()
    assert value(told, "00080018") == first.SOPInstanceUID
    assert value(told, "00100010") == {"Alphabetic": dicom.CANARY}
    assert told["7FE00010"]["BulkDataURI"] == f"http://testserver{address(first, '/bulkdata/7FE00010')}"
    assert get(sender, where, 'multipart/related; type="application/dicom+xml"').status_code == 406


def test_large_values_are_given_by_the_address_that_the_header_names(sender: Sender) -> None:
    ds = dicom.image()
    ds.add_new(0x00091001, "OB", b"large " * 1_000)
    sender.send(ds)
    (told,) = get(sender, address(ds, "/metadata")).json()
    for tag, wanted in (("00091001", b"large " * 1_000), ("7FE00010", ds.PixelData)):
        where = told[tag]["BulkDataURI"].removeprefix("http://testserver")
        assert parts_of(get(sender, where))[0][1] == wanted
        assert body_of(get(sender, where, "application/octet-stream")) == wanted
    assert [content for _, content in parts_of(get(sender, address(ds, "/bulkdata")))] == [
        b"large " * 1_000,
        ds.PixelData,
    ]
    for key in ("00091001", "00091001-1", "00100010"):
        assert get(sender, address(ds, f"/bulkdata/{key}")).status_code == 404


def test_packed_pixels_are_given_plain_as_a_large_value(sender: Sender, study: list[pydicom.FileDataset]) -> None:
    pixels = study[2].pixel_array
    assert body_of(get(sender, address(study[2], "/bulkdata/7FE00010"), "application/octet-stream")) == pixels.tobytes()


def test_what_a_client_has_is_not_sent_again(sender: Sender, study: list[pydicom.FileDataset]) -> None:
    for rest in ("", "/metadata", "/bulkdata/7FE00010", "/frames/1", "/rendered", "/thumbnail"):
        answer = get(sender, address(study[0], rest))
        tag = answer.headers["ETag"]
        assert answer.headers["Cache-Control"].startswith("private")
        again = get(sender, address(study[0], rest), **{"If-None-Match": tag})
        assert (again.status_code, body_of(again), again.headers["ETag"]) == (304, b"", tag)
        assert get(sender, address(study[0], rest), **{"If-None-Match": '"other"'}).status_code == 200


def test_nothing_of_others_is_known(sender: Sender, elsewhere_sender: Sender) -> None:
    ds = dicom.image()
    elsewhere_sender.send(ds)
    for rest in ("", "/metadata", "/frames/1", "/rendered", "/thumbnail", "/bulkdata", "/bulkdata/7FE00010"):
        hidden = get(sender, address(ds, rest))
        missing = get(sender, address(dicom.image(), rest))
        assert (hidden.status_code, hidden.content) == (missing.status_code, missing.content) == (404, hidden.content)
    assert AuditEvent.objects.filter(code=Code.ACCESS_REFUSED, actor="clinician").count() == 7


def test_a_study_known_at_two_sites_is_each_sites_own(sender: Sender, elsewhere_sender: Sender) -> None:
    uid = generate_uid()
    own, other = dicom.image(StudyInstanceUID=uid), dicom.image(StudyInstanceUID=uid)
    elsewhere_sender.send(other)
    sender.send(own)
    (told,) = get(sender, f"{ROOT}/studies/{uid}/metadata").json()
    assert value(told, "00080018") == own.SOPInstanceUID
    assert get(sender, address(other)).status_code == 404


def test_the_parts_of_an_address_belong_together(sender: Sender, study: list[pydicom.FileDataset]) -> None:
    mixed = dicom.image(StudyInstanceUID=study[0].StudyInstanceUID, SeriesInstanceUID=study[2].SeriesInstanceUID)
    mixed.SOPInstanceUID = study[0].SOPInstanceUID
    assert get(sender, address(mixed, "/metadata")).status_code == 404


def test_each_look_is_one_event_and_what_leaves_the_house_another(
    sender: Sender, study: list[pydicom.FileDataset]
) -> None:
    for _ in range(2):
        get(sender, address(study[0], "/metadata"))
        get(sender, address(study[1], "/frames/1"))
        get(sender, address(study[0]))
    told = AuditEvent.objects.filter(study__isnull=False).exclude(code=Code.UPLOADED).values_list("code", "success")
    assert sorted(told) == [(Code.STUDY_VIEWED, True), (Code.OBJECTS_RETRIEVED, True)]


def test_objects_stored_before_there_was_an_index_are_indexed_when_asked_for(
    sender: Sender, study: list[pydicom.FileDataset]
) -> None:
    before = get(sender, f"{ROOT}/studies/{study[0].StudyInstanceUID}/metadata").content
    InstanceIndex.objects.all().delete()
    after = get(sender, f"{ROOT}/studies/{study[0].StudyInstanceUID}/metadata").content
    assert sorted(map(str, json.loads(after))) == sorted(map(str, json.loads(before)))
    assert InstanceIndex.objects.count() == 3


def test_a_report_has_a_header_and_no_picture(sender: Sender) -> None:
    ds = dicom.report()
    sender.send(ds)
    assert value(get(sender, address(ds, "/metadata")).json()[0], "00080060") == "SR"
    assert len(parts_of(get(sender, address(ds)))) == 1
    for rest in ("/frames/1", "/rendered", "/thumbnail", "/bulkdata/7FE00010"):
        assert get(sender, address(ds, rest)).status_code == 404


def test_numbers_of_every_kind_survive(sender: Sender) -> None:
    ds = dicom.image(np.zeros((4, 4), np.int16), PixelSpacing=["0.1", "0.2"], WindowCenter=[40, 50])
    sender.send(ds)
    (told,) = get(sender, address(ds, "/metadata")).json()
    assert told["00280030"]["Value"] == [0.1, 0.2]
    assert (value(told, "00280103"), told["00281050"]["Value"]) == (1, [40, 50])
