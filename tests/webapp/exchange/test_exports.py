"""Studies leave without identities: asked for on a page or by a command, made apart, fetched until they expire."""

import csv
import io
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from tests.phantoms import dicom
from tests.webapp import factories
from tests.webapp.exchange.dicomweb.answers import body_of
from webapp.exchange.exports.deidentified_files import COLUMNS
from webapp.exchange.exports.forms import ExportForm
from webapp.exchange.exports.jobs import expire_exports
from webapp.exchange.exports.models import Export
from webapp.exchange.exports.services import EXPORT, export_create
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.models import AuditEvent
from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.registry import kind_of
from webapp.foundation.outbox.services import STOPPED, claim, recover, work_due, work_on
from webapp.imaging.archive.ingest import ingest_file
from webapp.imaging.archive.models import Study
from workers import api, storage

pytestmark = pytest.mark.django_db
TRACES = (dicom.CANARY.encode(), b"Kanarienvogel", dicom.CANARY_ID.encode(), b"19700102")


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own."""
    monkeypatch.setenv("READROOM_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """A study of two slices and a scanned letter, taken in by the one intake."""
    slices = dicom.series(2, StudyDescription="Head of Kanarienvogel")
    same = {"StudyInstanceUID": slices[0].StudyInstanceUID, "Modality": "OT"}
    for number, ds in enumerate([*slices, dicom.image(np.full((8, 8), 9, np.uint8), **same)]):
        path = dicom.saved(ds, tmp_path / f"{number}.dcm")
        (filed,) = ingest_file(path=path, name="sent", user=factories.clinician(), request=None)
        assert filed.status == "stored", filed.reason
    return Study.objects.get()


def asked(study: Study, **options: Any) -> Export:
    """Ask for an export."""
    chosen = api.Options(**options)
    return export_create(name="Trial 7", studies=[study], options=chosen, user=factories.admin(), request=None)


def made(study: Study, **options: bool) -> Export:
    """Ask for an export and make it."""
    export = asked(study, **options)
    assert work_due(EXPORT) == 1
    export.refresh_from_db()
    return export


def test_what_can_leave_leaves_and_the_rest_has_a_reason(study: Study) -> None:
    export = made(study)
    assert (export.state, export.objects_done, export.objects_total) == ("done", 3, 3)
    (problem,) = export.problems.all()
    assert "on their margin" in problem.sentence
    with zipfile.ZipFile(storage.export_path(export.pk)) as archive:
        manifest = list(csv.DictReader(io.StringIO(archive.read("manifest.csv").decode())))
        assert tuple(manifest[0]) == COLUMNS
        assert sorted(archive.namelist()) == sorted(["manifest.csv", *(line["file"] for line in manifest)])
        everything = b"".join(archive.read(name) for name in archive.namelist())
        objects = [pydicom.dcmread(io.BytesIO(archive.read(line["file"]))) for line in manifest]
    assert not [trace for trace in TRACES if trace in everything]
    originals = study.series.values_list("series_instance_uid", "instances__sop_instance_uid")
    assert not [uid for row in originals for uid in (study.study_instance_uid, *row) if uid.encode() in everything]
    assert len({ds.SeriesInstanceUID for ds in objects}) == 1
    assert [line["instance"] for line in manifest] == [ds.SOPInstanceUID for ds in objects]
    assert str(study.pk).encode() not in everything


def test_a_name_keeps_its_pseudonyms_and_another_one_has_others(study: Study) -> None:
    def person(name: str) -> str:
        export = export_create(name=name, studies=[study], options=api.Options(), user=factories.admin(), request=None)
        assert work_due(EXPORT) == 1
        with zipfile.ZipFile(storage.export_path(export.pk)) as archive:
            return archive.namelist()[0].split("/")[0]

    assert person("Trial 7") == person("Trial 7") != person("Trial 8")


def died(item: OutboxItem) -> None:
    """Let the time pass until its lease is over, and then until it is tried again."""
    rows, long_ago = OutboxItem.objects.filter(pk=item.pk), timezone.now() - timedelta(hours=1)
    rows.update(lease_expires_at=long_ago)
    assert recover(kinds=[kind_of(EXPORT)]) == 1
    rows.update(next_at=long_ago)


def test_an_export_that_was_left_in_the_middle_is_taken_up_and_at_last_given_up(study: Study) -> None:
    export, kind = asked(study), kind_of(EXPORT)
    for number in range(1, kind.policy.failures_allowed + 1):
        taken = claim(kind)
        assert taken is not None
        assert taken.attempt == number
        assert claim(kind) is None, "it is being made"
        died(taken)
    assert claim(kind) is None
    export.refresh_from_db()
    assert (export.state, export.reason) == ("failed", f"Failed 3 times. {STOPPED}")


def test_whoever_was_taken_over_leaves_no_file(study: Study) -> None:
    asked(study)
    first = claim(kind_of(EXPORT))
    assert first is not None
    died(first)
    second = claim(kind_of(EXPORT))
    assert second is not None
    work_on(first)
    assert not storage.export_path(Export.objects.get().pk).exists()
    work_on(second)
    assert Export.objects.get().state == "done"


def test_an_export_of_nothing_fails(study: Study) -> None:
    study.series.filter(modality="CT").get().instances.all().delete()
    export = made(study)
    assert (export.state, export.problems.count()) == ("failed", 1)
    assert not storage.export_path(export.pk).exists()


def test_the_page_asks_watches_and_fetches(study: Study, admin: Client) -> None:
    page = admin.get("/exports/", {"q": "head"})
    assert "Head of Kanarienvogel" in page.content.decode()
    wrong = admin.post("/exports/", {"name": "Trial", "rectangles": "1,2,3"})
    assert wrong.status_code == 400
    assert "Pick a study." in wrong.content.decode()
    assert "is no rectangle" in wrong.content.decode()
    answer = admin.post("/exports/", {"name": "Trial", "studies": [study.pk], "dates": "on"})
    export = Export.objects.get()
    assert answer.headers["Location"] == f"/exports/{export.pk}/"
    assert (export.options["dates"], export.options["device"]) == (True, False)
    assert admin.get(f"/exports/{export.pk}/download.zip").status_code == 404
    assert 'hx-trigger="every 2s"' in admin.get(answer.headers["Location"]).content.decode()
    assert work_due(EXPORT) == 1
    part = admin.get(answer.headers["Location"], headers={"HX-Request": "true"}).content.decode()
    assert "Download (" in part
    assert "hx-trigger" not in part
    fetched = admin.get(f"/exports/{export.pk}/download.zip")
    assert body_of(fetched).startswith(b"PK")
    codes = AuditEvent.objects.filter(code__startswith="110106").values_list("code", "study")
    assert list(codes) == [(Code.EXPORT_ASKED, study.pk), (Code.EXPORT_MADE, None), (Code.EXPORT_FETCHED, None)]


def test_an_export_expires_and_can_be_made_again(study: Study, admin: Client) -> None:
    export = made(study)
    Export.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    assert expire_exports() == 1
    assert not storage.export_path(export.pk).exists()
    admin.post(f"/exports/{export.pk}/retry/")
    assert Export.objects.get().state == "queued"


def test_rectangles_are_read_one_a_line(study: Study) -> None:
    told = {"name": "x", "studies": [study.pk], "rectangles": "0,0,640,40\n1024x768: 1, 2, 30, 40\n"}
    form = ExportForm(told)
    assert form.is_valid(), form.errors
    first, second = form.options().rectangles
    assert (first.right, first.columns) == (640, None)
    assert (second.columns, second.rows, second.left, second.bottom) == (1024, 768, 1, 40)
    assert not ExportForm({**told, "rectangles": "10,0,10,5"}).is_valid()


def test_the_command_writes_a_folder(study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("export_deidentified", study.study_instance_uid, "--to", str(tmp_path / "out"), "--dates")
    said = capsys.readouterr()
    assert "2 objects written, 1 stayed." in said.out
    assert "on their margin" in said.err
    assert len(list((tmp_path / "out").rglob("*.dcm"))) == 2
    assert (tmp_path / "out" / "manifest.csv").exists()
    for wrong in (["1.2.3", "--to", str(tmp_path / "new")], [str(study.pk), "--to", str(tmp_path / "out")]):
        with pytest.raises(CommandError):
            call_command("export_deidentified", *wrong)
