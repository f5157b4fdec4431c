"""Every kind of bad file, sent through the address that the browser uses, with good files round it."""

import io
import logging
import zipfile
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from ml.dicomio import subprocess_reader
from tests.phantoms import dicom, pictures
from tests.phantoms.hostile import KINDS, Hostile
from tests.webapp import factories
from webapp.foundation.audit.models import AuditEvent
from webapp.imaging.archive.models import Instance

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own."""
    monkeypatch.setenv("READROOM_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def browser() -> Client:
    """A clinician's browser."""
    client = Client()
    client.force_login(factories.clinician())
    return client


def uploaded(browser: Client, path: Path) -> list[dict[str, str]]:
    """Upload a file as the page does; return its entries."""
    with path.open("rb") as file:
        answer = browser.post(reverse("upload-api"), {"file": file, "name": f"{dicom.CANARY}/{path.name}"})
    assert answer.status_code == 200
    filed: list[dict[str, str]] = answer.json()["files"]
    return filed


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_bad_file_gets_its_sentence_and_its_neighbours_are_stored(
    tmp_path: Path,
    browser: Client,
    kind: Hostile,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if kind.name == "hangs_its_decoder":
        monkeypatch.setattr(subprocess_reader, "SECONDS_PER_ANSWER", 2.0)
    caplog.set_level(logging.DEBUG)
    before, after = pictures.png(tmp_path / "1.png", seed=1), dicom.saved(dicom.image(), tmp_path / "2.dcm")
    assert uploaded(browser, before)[0]["status"] == "stored"
    filed = uploaded(browser, kind.make(tmp_path / "bad"))
    assert uploaded(browser, after)[0]["status"] == "stored"
    assert {(each["status"], each["reason"]) for each in filed} == {("stored" if kind.stored else "refused", kind.says)}
    assert Instance.objects.count() == 2 + kind.stored
    told = [*AuditEvent.objects.values_list("details", flat=True), caplog.text]
    for canary in (*dicom.CANARY.split("^"), dicom.CANARY_ID):
        assert not any(canary in text for text in told)


def test_a_bad_member_of_a_zip_leaves_the_good_ones(tmp_path: Path, browser: Client) -> None:
    slow = {"elements_without_number", "hangs_its_decoder"}
    kinds = [kind for kind in KINDS if not kind.name.startswith("zip") and kind.name not in slow]
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, ds in enumerate(dicom.series(3)):
            archive.write(dicom.saved(ds, tmp_path / "good"), f"good/{number}.dcm")
            for kind in kinds[number::3]:
                archive.write(kind.make(tmp_path / "bad"), f"bad/{kind.name}")
    (tmp_path / "all.zip").write_bytes(whole.getvalue())
    told = {each["name"]: each for each in uploaded(browser, tmp_path / "all.zip")}
    assert [told[f"good/{number}.dcm"]["status"] for number in range(3)] == ["stored"] * 3
    for kind in kinds:
        assert (told[f"bad/{kind.name}"]["status"] == "stored") == kind.stored, kind.name
