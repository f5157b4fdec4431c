"""What is agreed on becomes a numbered set without identities, which the training reads."""

import csv
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image

from ml.lab.data import groups_in_two_splits, in_split, pictures_read
from ml.lab.train.__main__ import main as trained
from tests.phantoms import dicom
from tests.webapp import factories
from tests.webapp.conftest import signed_in
from tests.webapp.exchange.dicomweb.answers import body_of
from tests.webapp.reading.campaigns import scene
from tests.webapp.refusals import refused
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.models import AuditEvent
from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.registry import kind_of
from webapp.foundation.outbox.services import claim, recover, work_due, work_on
from webapp.imaging.archive.models import Instance, Patient, Study
from webapp.imaging.inference.image_views import frame_name, render_frame
from webapp.reading.campaigns.dataset_files import MANIFEST
from webapp.reading.campaigns.dataset_snapshot import DATASET, dataset_digest, dataset_request
from webapp.reading.campaigns.models import Campaign, ConsensusSet
from webapp.reading.campaigns.services import CampaignRefusedError
from workers import storage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]


def request_dataset(campaign: Campaign, *, looked_through: bool = False) -> ConsensusSet:
    return dataset_request(campaign=campaign, looked_through=looked_through, user=factories.senior())


def build_dataset(campaign: Campaign, *, looked_through: bool = False) -> ConsensusSet:
    """Ask for a set and make its file."""
    one = request_dataset(campaign, looked_through=looked_through)
    assert work_due(DATASET) == 1
    return ConsensusSet.objects.get(pk=one.pk)


def answer_all(campaign: Campaign) -> Campaign:
    """Let both readers find a tumour in every second case."""
    for case in campaign.cases.all():
        scene.answer_by_both(case, ("none", "tumour")[case.number % 2])
    return campaign


def unpack(one: ConsensusSet, folder: Path) -> Path:
    with zipfile.ZipFile(storage.export_path(one.pk)) as archive:
        archive.extractall(folder)
    return folder


def test_a_set_is_what_is_agreed_on_or_decided() -> None:
    scene.brains(5)
    campaign = scene.campaign()
    agreed, decided, undecidable, differs, _unread = campaign.cases.all()
    scene.answer_by_both(agreed, "tumour")
    scene.answer_by_both(decided, "tumour", "none")
    scene.answer_case(decided, factories.senior(), "none")
    scene.answer_by_both(undecidable, "")
    scene.answer_by_both(differs, "tumour", "none")
    one = request_dataset(campaign)
    assert [(row.case, row.label, row.by) for row in one.rows.all()] == [
        (agreed, "tumour", "agreed"),
        (decided, "none", "adjudicated"),
    ]
    assert (one.summary["cannot_be_told"], one.summary["not_read_or_not_decided_yet"]) == (1, 2)


def test_of_nothing_there_is_no_set() -> None:
    scene.brains(1)
    with refused("nothing-agreed", CampaignRefusedError):
        request_dataset(scene.campaign())


def test_a_set_stays_as_it_was_and_the_next_one_keeps_every_patient_in_its_split() -> None:
    scene.brains(9, patients=5)
    campaign = scene.campaign()
    cases = list(campaign.cases.all())
    for case in cases[:5]:
        scene.answer_by_both(case, "tumour")
    first = request_dataset(campaign)
    for case in cases[4:]:
        scene.answer_by_both(case, "none")
    second = request_dataset(campaign)
    assert (first.number, second.number) == (1, 2)
    assert [row.label for row in first.rows.all()] == ["tumour"] * 5
    assert dataset_digest(list(first.rows.all())) == first.digest != second.digest
    before = dict(first.rows.values_list("group", "split"))
    after = dict(second.rows.values_list("group", "split"))
    assert before.items() <= after.items()
    patients = {row.case.study.patient_id: row.group for row in second.rows.all()}
    assert len(set(patients.values())) == len(patients) == 5
    assert set(after.values()) == {"train", "val", "test"}


def test_the_same_rows_have_the_same_digest() -> None:
    scene.brains(3)
    campaign = answer_all(scene.campaign())
    assert request_dataset(campaign).digest == request_dataset(campaign).digest


def test_nothing_in_the_file_says_who_somebody_is() -> None:
    someone = factories.patient(dicom.CANARY)
    Patient.objects.filter(pk=someone.pk).update(patient_id=dicom.CANARY_ID)
    for number in range(2):
        scene.brain(someone, seed=number, PatientName=dicom.CANARY, PatientID=dicom.CANARY_ID, StudyDate="20240305")
    campaign = answer_all(scene.campaign())
    one = build_dataset(campaign)
    assert (one.state, one.objects_done) == ("done", 2)
    uids = list(Study.objects.values_list("study_instance_uid", "pk"))
    uids += Instance.objects.values_list("sop_instance_uid", "pk")
    traces = [dicom.CANARY, "Kanarienvogel", dicom.CANARY_ID, "20240305", "2026", "anna", "senior"]
    traces += [str(trace) for pair in uids for trace in pair]
    with zipfile.ZipFile(storage.export_path(one.pk)) as archive:
        everything = b"".join(name.encode() + archive.read(name) for name in archive.namelist())
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        pictures = [name for name in archive.namelist() if name.endswith(".png")]
        for name in pictures:
            with Image.open(io.BytesIO(archive.read(name))) as picture:
                assert not picture.info
        told = json.loads(archive.read("campaign.json"))
    assert not [trace for trace in traces if trace.encode() in everything]
    assert len(pictures) == 2
    assert (told["version"], told["digest"], told["agreement"]["groups"]) == (1, one.digest, 1)


def test_what_may_show_a_name_stays_with_its_reason() -> None:
    someone = factories.patient()
    scene.brain(someone, BurnedInAnnotation="YES")
    scene.brain(someone, seed=5)
    scene.brain(someone, seed=8)
    factories.picture_series()
    ultrasound = factories.series_of(factories.study(patient=someone), modality="US")
    factories.slice_instance(series=ultrasound, pixels=scene.disc(3), position=0, Modality="US")
    campaign = answer_all(scene.campaign())
    burned, plain, named, bare, margin = sorted(campaign.cases.all(), key=lambda case: case.series.study.arrived_at)
    scene.answer_case(named, scene.readers()[0], ("none", "tumour")[named.number % 2], shows_name=True)
    one = build_dataset(campaign)
    stayed = {row.case: row.refused for row in one.rows.exclude(refused="")}
    assert set(stayed) == {burned, named, bare, margin}
    assert "writing is burned into it" in stayed[burned]
    assert "A reader saw a name" in stayed[named]
    assert "without a header" in stayed[bare]
    assert "on their margin" in stayed[margin]
    answered_for = build_dataset(campaign, looked_through=True)
    assert {row.case for row in answered_for.rows.filter(refused="")} == {plain, bare, margin}
    with zipfile.ZipFile(storage.export_path(answered_for.pk)) as archive:
        told = json.loads(archive.read("campaign.json"))
    assert told["looked_through"] is True
    assert sum(told["stayed"].values()) == 2


def test_boxes_stand_in_the_pixels_of_their_picture(tmp_path: Path) -> None:
    scene.brains(2)
    campaign = scene.campaign(boxes=True)
    for case, boxes in zip(campaign.cases.all(), ([scene.BOX], []), strict=True):
        for reader in scene.readers():
            scene.answer_case(case, reader, "tumour" if boxes else "none", *boxes)
    folder = unpack(build_dataset(campaign), tmp_path / "set")
    with_box, without = pictures_read(folder)
    assert with_box.boxes == (tuple(scene.BOX),)
    assert without.boxes == ()
    (line,) = csv.DictReader(io.StringIO((folder / "boxes.csv").read_text()))
    assert line["label"] == "tumour"
    case = campaign.cases.all()[0]
    shown = render_frame(case.instance, number=0, name=frame_name(case.instance, 0))
    with Image.open(folder / with_box.path) as picture, Image.open(shown) as as_read:
        assert picture.size == (80, 96)
        assert picture.tobytes() == as_read.tobytes()


def test_the_training_reads_a_set_and_learns_from_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.brains(14, patients=10)
    folder = unpack(build_dataset(answer_all(scene.campaign())), tmp_path / "set")
    header = (folder / "manifest.csv").read_text().splitlines()[0]
    assert tuple(header.split(",")) == MANIFEST
    pictures = pictures_read(folder)
    assert len(pictures) == 14
    assert {(one.modality, one.region, one.plane, one.collection) for one in pictures} == {
        ("MR", "brain", "axial", "tumours-v1")
    }
    assert groups_in_two_splits(pictures) == []
    assert all(in_split(pictures, split) for split in ("train", "val", "test"))
    config = tmp_path / "config.toml"
    config.write_text(
        'name="campaign"\nversion="1"\ntask="classifier"\nsize=32\nbatch=8\nepoch_pictures=16\nepochs=1\nminutes=5\n'
        'rate=1e-3\nseed=1\nnetwork={architecture="classifier",trunk="resnet18-slim"}\n'
        '[heads.finding]\nread="finding"\nlabels=["none","tumour"]\n'
    )
    monkeypatch.setenv("READROOM_DATA_SET", str(folder))
    monkeypatch.setenv("READROOM_RUNS", str(tmp_path / "runs"))
    assert trained([str(config), "--threads", "1"]) == 0
    assert list((tmp_path / "runs" / "campaign-1").iterdir())


def test_a_file_that_was_left_in_the_middle_is_taken_up() -> None:
    scene.brains(2)
    one = request_dataset(answer_all(scene.campaign()))
    kind, long_ago = kind_of(DATASET), timezone.now() - timedelta(hours=1)
    first = claim(kind)
    assert first is not None
    assert first.subject == str(one.pk)
    assert claim(kind) is None
    OutboxItem.objects.update(lease_expires_at=long_ago)
    assert recover(kinds=[kind]) == 1
    OutboxItem.objects.update(next_at=long_ago)
    second = claim(kind)
    assert second is not None
    work_on(first)
    assert not storage.export_path(one.pk).exists()
    work_on(second)
    assert ConsensusSet.objects.get().state == "done"


def test_a_set_of_which_nothing_can_leave_fails_and_is_made_again() -> None:
    factories.picture_series()
    one = build_dataset(answer_all(scene.campaign()))
    assert (one.state, one.reason) == ("failed", "No picture could be exported; the reasons are below.")
    browser = signed_in(factories.senior().get_username())
    page = browser.get(f"/campaigns/sets/{one.pk}/").content.decode()
    assert "without a header" in page
    browser.post(f"/campaigns/sets/{one.pk}/retry/")
    assert ConsensusSet.objects.get().state == "queued"


def test_the_page_asks_watches_and_fetches(clinician: Client) -> None:
    scene.brains(3)
    campaign = answer_all(scene.campaign())
    browser = signed_in(factories.senior().get_username())
    page = browser.get(f"/campaigns/{campaign.pk}/").content.decode()
    assert "Make version 1: 3 pictures" in page
    address = browser.post(f"/campaigns/{campaign.pk}/sets/").headers["Location"]
    assert 'hx-trigger="every 2s"' in browser.get(address).content.decode()
    assert browser.get(f"{address}download.zip").status_code == 404
    work_due(DATASET)
    part = browser.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "Download (" in part
    assert "hx-trigger" not in part
    assert body_of(browser.get(f"{address}download.zip")).startswith(b"PK")
    assert clinician.get(f"{address}download.zip").status_code == 403
    codes = list(AuditEvent.objects.filter(code__startswith="110106").values_list("code", flat=True))
    assert codes == [Code.SET_ASKED, Code.SET_MADE, Code.SET_FETCHED]
