"""Readers outline what a campaign asks about; what they agree on, or a third drew, is a mask that training reads."""

import csv
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ml.lab.data import outline_read, pictures_read, squares_read
from ml.lab.train.__main__ import main as trained
from ml.lab.train.segmenter import squares_and_outlines, usable
from tests.webapp import factories
from tests.webapp.conftest import signed_in
from tests.webapp.reading.campaigns import scene
from tests.webapp.refusals import codes_shown, refused
from webapp.foundation.outbox.services import work_due
from webapp.imaging.annotations.masks import mask_read
from webapp.reading.campaigns.agreement import CaseStatus, majority_mask, mask_dice
from webapp.reading.campaigns.dataset_snapshot import DATASET, dataset_digest, dataset_request
from webapp.reading.campaigns.models import Answer, Campaign, Case, ConsensusSet
from webapp.reading.campaigns.selectors import case_consensus, load_progress
from webapp.reading.campaigns.services import AnswerInput, CampaignRefusedError, answer_create
from webapp.reading.worklist.models import SiteSettings
from workers import storage

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite, pytest.mark.usefixtures("data_folder")]
Mask = NDArray[np.bool_]


def outline_campaign(count: int = 1, *, patients: int | None = None, per_case: int = 2) -> Campaign:
    scene.brains(count, patients=patients)
    return scene.campaign(outlines=True, per_case=per_case)


def nothing(case: Case) -> Mask:
    return np.zeros((case.instance.rows, case.instance.columns), bool)


def draw_by_both(case: Case, first: Mask, second: Mask) -> None:
    for reader, mask in zip(scene.readers(), (first, second), strict=True):
        scene.draw(case, reader, mask)


def build_dataset(campaign: Campaign, folder: Path) -> tuple[ConsensusSet, Path]:
    """Ask for a set, make its file, and unpack it."""
    one = dataset_request(campaign=campaign, looked_through=False, user=factories.senior())
    assert work_due(DATASET) == 1
    with zipfile.ZipFile(storage.export_path(one.pk)) as archive:
        archive.extractall(folder)
    return ConsensusSet.objects.get(pk=one.pk), folder


@pytest.mark.parametrize(
    ("shift", "least", "stand", "overlap"),
    [
        (0, 0.7, CaseStatus.AGREED, 1.0),
        (5, 0.7, CaseStatus.AGREED, 0.75),
        (8, 0.7, CaseStatus.DIFFERS, 0.6),
        (8, 0.5, CaseStatus.AGREED, 0.6),
    ],
)
def test_two_outlines_are_the_same_from_the_sites_dice_on(
    shift: int, least: float, stand: CaseStatus, overlap: float
) -> None:
    case = outline_campaign().cases.get()
    SiteSettings.objects.update_or_create(site=case.campaign.site, defaults={"least_dice": least})
    draw_by_both(case, scene.block(case), scene.block(case, left=20 + shift))
    standing = case_consensus(case)
    assert (standing.status, standing.dices) == (stand, (overlap,))
    words = ("Their outlines overlap by 60% (Dice), less than 70%.",) if stand == CaseStatus.DIFFERS else ()
    assert standing.differences == words


def test_nothing_twice_is_agreed_and_nothing_against_something_never_is() -> None:
    campaign = outline_campaign(2)
    SiteSettings.objects.update_or_create(site=campaign.site, defaults={"least_dice": 0.0})
    alike, unlike = campaign.cases.all()
    draw_by_both(alike, nothing(alike), nothing(alike))
    for reader, is_empty in zip(scene.readers(), (True, False), strict=True):
        runs = None if is_empty else factories.runs(scene.block(unlike))
        answer_create(case=unlike, user=reader, answer=AnswerInput("tumour", runs=runs, is_empty=is_empty))
    assert (case_consensus(alike).status, case_consensus(alike).dices) == (CaseStatus.AGREED, (1.0,))
    assert (case_consensus(unlike).status, case_consensus(unlike).dices) == (CaseStatus.DIFFERS, (0.0,))
    assert "the other marked nothing to outline" in case_consensus(unlike).differences[0]
    agreement = load_progress(campaign).agreement
    assert (agreement.mean_dice, len(agreement.dices), agreement.both_empty) == (0.5, 2, 1)
    page = signed_in(factories.senior().get_username()).get(f"/campaigns/{campaign.pk}/").content.decode()
    assert "n = 2; 1 where both outlined nothing, counted as 1" in page


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "no-outline"),
        ({"runs": [7680]}, "outline-empty"),
        ({"runs": [0, 7681]}, "outline-does-not-fit"),
        ({"runs": ["x"]}, "outline-does-not-fit"),
    ],
)
def test_who_outlines_nothing_has_to_say_so(given: dict[str, Any], code: str) -> None:
    case, reader = outline_campaign().cases.get(), scene.readers()[0]
    with refused(code, CampaignRefusedError):
        answer_create(case=case, user=reader, answer=AnswerInput("tumour", **given))
    browser = signed_in(reader.get_username())
    sent = {"label": "tumour", "runs": json.dumps(given.get("runs", []))}
    assert codes_shown(browser.post(f"/campaigns/cases/{case.pk}/", sent, follow=True)) == [code]
    assert not Answer.objects.exists()
    browser.post(f"/campaigns/cases/{case.pk}/", {"label": ""})
    assert Answer.objects.get().outlined is None, "what cannot tell is neither outlined nor said to be empty"


@pytest.mark.usefixtures("clinician")
def test_an_outline_is_its_readers_and_the_thirds() -> None:
    case = outline_campaign().cases.get()
    draw_by_both(case, scene.block(case), scene.block(case, left=45))
    first, _second = case_consensus(case).answers
    address = f"/campaigns/answers/{first.pk}/outline.png"
    picture = signed_in("anna").get(address)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(picture.content)).convert("1")), scene.block(case))
    assert [signed_in(name).get(address).status_code for name in ("ben", "clinician")] == [403, 403]
    senior = signed_in(factories.senior().get_username())
    assert senior.get(address).status_code == 200
    shown = senior.get(f"/campaigns/cases/{case.pk}/").content.decode()
    assert "Reader 1: <b>tumour</b>, outlined, 300 pixels" in shown
    assert address in shown


def test_at_least_half_of_those_who_agree_hold_a_pixel() -> None:
    rows = [[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 0], [0, 0, 0, 1, 1]]
    masks = [np.array([row], bool) for row in rows]
    assert majority_mask(masks[:1]).astype(int).tolist() == [rows[0]]
    assert majority_mask(masks[:2]).astype(int).tolist() == [[1, 1, 1, 1, 0]]
    assert majority_mask(masks[:3]).astype(int).tolist() == [[0, 1, 1, 1, 0]]
    assert majority_mask(masks).astype(int).tolist() == [[0, 1, 1, 1, 0]]


def test_the_training_gets_the_masks_back_pixel_for_pixel(tmp_path: Path) -> None:
    campaign = outline_campaign(4)
    alike, near, decided, empty = campaign.cases.all()
    draw_by_both(alike, scene.block(alike), scene.block(alike))
    draw_by_both(near, scene.block(near), scene.block(near, left=22))
    draw_by_both(decided, scene.block(decided), scene.block(decided, left=45, top=60))
    scene.draw(decided, factories.senior(), scene.block(decided, left=1, top=2, width=3, height=4))
    draw_by_both(empty, nothing(empty), nothing(empty))
    one, folder = build_dataset(campaign, tmp_path / "set")
    criteria = [
        scene.block(alike),
        scene.block(near, width=22),
        scene.block(decided, left=1, top=2, width=3, height=4),
        nothing(empty),
    ]
    pictures = pictures_read(folder)
    assert [picture.mask for picture in pictures] == [f"masks/tumours-v1/000{number}.png" for number in (1, 2, 3, 4)]
    assert all(usable(picture) for picture in pictures)
    _, placements = squares_read(folder, pictures, size=96)  # as high as the pictures, so nothing is made smaller
    for picture, placement, mask in zip(pictures, placements, criteria, strict=True):
        square = outline_read(folder, picture, placement, 96)
        assert np.array_equal(square[:, 8:88], mask)
        assert square.sum() == mask.sum()
    told = json.loads((folder / "campaign.json").read_text())
    assert told["agreement"]["dice_pairs_both_empty"] == 1
    assert (told["asks_outlines"], told["least_dice"], told["agreement"]["outlines"]) == (True, 0.7, 4)
    assert "at least half" in told["provenance"]["mask"]
    assert told["digest"] == dataset_digest(list(one.rows.all())) != dataset_digest([])
    for path in (folder / "masks").rglob("*.png"):
        with Image.open(path) as opened:
            assert (opened.mode, opened.info) == ("1", {})


def test_the_digest_binds_the_mask_and_holds_for_sets_of_before_there_were_masks() -> None:
    case = outline_campaign().cases.get()
    draw_by_both(case, scene.block(case), scene.block(case))
    row = dataset_request(campaign=case.campaign, looked_through=False, user=factories.senior()).rows.get()
    assert np.array_equal(mask_read(row.mask), scene.block(case))
    before = dataset_digest([row])
    row.mask = "0" * 64
    assert dataset_digest([row]) != before
    row.mask = ""
    # As a set was told that was made before there were masks.
    assert dataset_digest([row]) == digest_without_mask(row.case, row.group, row.split)


def digest_without_mask(case: Case, group: str, split: str) -> str:
    told = [[1, case.instance.sha256, 0, "agreed", "tumour", [], group, split]]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def test_a_mask_that_is_lost_stays_with_its_picture_and_no_set_is_made_of_one() -> None:
    campaign = outline_campaign(2)
    first, second = campaign.cases.all()
    draw_by_both(first, scene.block(first), scene.block(first))
    draw_by_both(second, scene.block(second, top=50), scene.block(second, top=52))
    one = dataset_request(campaign=campaign, looked_through=False, user=factories.senior())
    storage.mask_path(one.rows.all()[0].mask).unlink()
    assert work_due(DATASET) == 1
    assert [row.refused for row in one.rows.all()] == ["A stored outline is missing.", ""]
    (line,) = csv.DictReader(io.StringIO(zipfile.ZipFile(storage.export_path(one.pk)).read("manifest.csv").decode()))
    assert line["mask"] == "masks/tumours-v1/0002.png"
    mask_dice.cache_clear()
    assert "can no longer be read" in case_consensus(first).differences[0]
    storage.mask_path(case_consensus(second).answers[0].outline).unlink()
    with refused("outline-missing", CampaignRefusedError):
        dataset_request(campaign=campaign, looked_through=False, user=factories.senior())


def test_a_segmenter_learns_from_a_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    campaign = outline_campaign(14, patients=10)
    for case in campaign.cases.all():
        mask = scene.block(case) if case.number % 2 else nothing(case)
        draw_by_both(case, mask, mask)
    _, folder = build_dataset(campaign, tmp_path / "set")
    pictures = pictures_read(folder)
    _, outlines = squares_and_outlines(folder, pictures, 32)
    assert outlines.any((1, 2)).tolist() == [True, False] * 7
    config = tmp_path / "config.toml"
    config.write_text(
        'name="campaign"\nversion="1"\ntask="segmenter"\nsize=32\nbatch=4\nepoch_pictures=8\nepochs=1\nminutes=5\n'
        'rate=1e-3\nseed=1\nnetwork={architecture="unet",width=4}\n[options]\nempty_share=0.5\n'
    )
    monkeypatch.setenv("READROOM_DATA_SET", str(folder))
    monkeypatch.setenv("READROOM_RUNS", str(tmp_path / "runs"))
    assert trained([str(config), "--threads", "1"]) == 0
    assert list((tmp_path / "runs" / "campaign-1").iterdir())
    config.write_text(config.read_text().replace("batch=4", "batch=40"))
    assert trained([str(config), "--threads", "1"]) == 2
    assert "a batch takes 20 pictures with an outline and 20 known to be empty" in capsys.readouterr().err
