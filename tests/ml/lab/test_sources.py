"""Counts of the training pictures, against a data folder small enough to count by hand."""

import csv
from pathlib import Path

import pytest

from ml.lab.data import FOLDER_VARIABLE, pictures_read
from ml.lab.markdown_blocks import block_read, marks
from ml.lab.sources import answers_told, licences_read, main, page_told, series_read, sets_told
from ml.lab.train.config import Config
from ml.lab.train.heads import Head
from ml.lab.training_selection import questions, taught
from tests.ml.lab.drawn_data import drawn_data

CONFIG = Config(
    name="tumour-type",
    version="1",
    task="classifier",
    size=64,
    batch=4,
    epoch_pictures=4,
    epochs=1,
    minutes=1,
    rate=1e-3,
    seed=1,
    heads={"tumour": Head(("tumour", "no_tumour"), read="finding", where={"modality": ("MR",)})},
)
CARD = "# Drawn, version 1\n\n" + "\n\n".join(marks("sources")) + "\n"
CONFIG_FILE = """
name = "drawn"
version = "1"
task = "classifier"
size = 64
batch = 4
epoch_pictures = 4
epochs = 1
minutes = 1
rate = 1e-3
seed = 1
[heads.tumour]
read = "finding"
where = { modality = ["MR"] }
labels = ["tumour", "no_tumour"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten pictures of each of four sets, under a licence that holds a pipe; one DICOM file."""
    data = drawn_data(tmp_path / "data", each=10)
    manifest = data / "manifest.csv"
    with manifest.open(newline="") as file:
        rows = [row | {"licence": "CC0 | drawn"} for row in csv.DictReader(file)]
    with manifest.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    (data / "dicom").mkdir()
    (data / "dicom" / "manifest.csv").write_text("path,source,licence\ndicom/drawn_ct/1.dcm,us,MIT\n")
    return data


def test_sets_are_counted_by_split_with_their_licence(folder: Path) -> None:
    told = sets_told(pictures_read(folder), licences_read(folder)).splitlines()
    assert told[0] == "| set | publication | licence | train | val | test | all | groups |"
    assert "| us_breast | drawn/us_breast | CC0 / drawn | 6 | 2 | 2 | 10 | 10 |" in told
    assert told[-1] == "| all |  |  | 24 | 8 | 8 | 40 | 40 |"


def test_a_model_counts_what_teaches_it_and_leaves_out_what_it_may_not_see(folder: Path) -> None:
    pictures = pictures_read(folder)
    used = taught(CONFIG, pictures)
    assert {picture.collection for picture in used} == {"brain_masks", "brain_negatives"}
    told = answers_told(used, questions(CONFIG)).splitlines()
    assert told[2:] == ["| tumour | no_tumour | 6 | 2 | 2 | 10 |", "| tumour | tumour | 6 | 2 | 2 | 10 |"]
    narrow = Config(**{**vars(CONFIG), "without": ("brain_masks",)})
    assert {picture.collection for picture in taught(narrow, pictures)} == {"brain_negatives"}


@pytest.mark.parametrize(
    ("task", "options", "asked", "answers"),
    [
        ("detector", {"label": "tumour"}, "tumour", ["boxed", "none there"]),
        ("segmenter", {}, "outline", ["drawn", "none there"]),
    ],
)
def test_detectors_and_segmenters_count_what_is_drawn(
    folder: Path, task: str, options: dict[str, str], asked: str, answers: list[str]
) -> None:
    config = Config(**{**vars(CONFIG), "task": task, "options": options, "heads": {}})
    told = answers_told(taught(config, pictures_read(folder)), questions(config)).splitlines()[2:]
    assert told == [f"| {asked} | {answer} | 6 | 2 | 2 | 10 |" for answer in answers]


def test_the_page_tells_pictures_boxes_and_series(folder: Path) -> None:
    page = page_told(pictures_read(folder), licences_read(folder), series_read(folder))
    assert "Drawn on them: 10 boxes, 10 outlines." in page
    assert "### xr_chest\n\n| question | answer |" in page
    assert "| finding | no_finding | 6 | 2 | 2 | 10 |" in page
    assert page.endswith("| drawn_ct | 1 | us | MIT |\n")


def test_the_command_writes_the_page_and_fills_a_card(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    page, card, config = tmp_path / "sources.md", tmp_path / "drawn-1.md", tmp_path / "drawn.toml"
    config.write_text(CONFIG_FILE)
    assert main(["--out", str(page)]) == 0
    assert page.read_text().startswith("# Sources of the training pictures")
    card.write_text(CARD)
    assert main([str(config), "--card", str(card)]) == 0
    assert "| all |  |  | 12 | 4 | 4 | 20 | 20 |" in (block_read(card.read_text(), "sources") or "")
    card.write_text("# Without a place\n")
    assert main([str(config), "--card", str(card)]) == 2
    assert "no place for sources" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--card", str(card)])
