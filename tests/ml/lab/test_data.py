"""The manifest is read whole, splits keep groups whole, and outlines lie on their pictures."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml.lab.data import (
    data_digest,
    data_folder,
    groups_in_two_splits,
    in_split,
    outline_read,
    pictures_read,
    squares_read,
)
from tests.ml.lab.drawn_data import drawn_data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_data(tmp_path_factory.mktemp("data"), each=5)


def test_rows_and_boxes_are_read(folder: Path) -> None:
    pictures = pictures_read(folder)
    assert len(pictures) == 20
    first = pictures[0]
    assert (first.collection, first.modality, first.finding) == ("brain_masks", "MR", "tumour")
    assert len(first.boxes) == 1
    assert {len(in_split(pictures, split)) for split in ("train", "val", "test")} == {12, 4}


def test_a_group_in_two_splits_is_named_and_refused(folder: Path) -> None:
    pictures = pictures_read(folder)
    assert groups_in_two_splits(pictures) == []
    train = in_split(pictures, "train")[0]
    parted = [*pictures, replace(train, path="images/other/1.png", split="test")]
    assert groups_in_two_splits(parted) == [train.group]


def test_a_parted_manifest_cannot_be_used(folder: Path, tmp_path: Path) -> None:
    rows = (folder / "manifest.csv").read_text().splitlines()
    group = rows[1].split(",")[6]
    moved = rows[4].split(",")
    moved[6], moved[8] = group, "test"
    (tmp_path / "manifest.csv").write_text("\n".join([*rows[:4], ",".join(moved), *rows[5:]]))
    (tmp_path / "boxes.csv").write_text((folder / "boxes.csv").read_text())
    with pytest.raises(ValueError, match="two splits"):
        pictures_read(tmp_path)


def test_the_digest_tells_data_apart_and_not_its_order(folder: Path) -> None:
    pictures = pictures_read(folder)
    assert data_digest(pictures) == data_digest(reversed(pictures))
    assert data_digest(pictures) != data_digest([replace(pictures[0], plane="coronal"), *pictures[1:]])


def test_a_missing_folder_gets_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READROOM_DATA_SET", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="READROOM_DATA_SET"):
        data_folder()


def test_the_outline_covers_the_bright_spot_and_the_box_its_edges(folder: Path) -> None:
    picture = pictures_read(folder)[0]
    squares, places = squares_read(folder, [picture], size=128)
    outline = outline_read(folder, picture, places[0], 128)
    bright = squares[0] > 200
    assert (outline & bright).sum() / (outline | bright).sum() > 0.85
    down, across = np.nonzero(outline)
    edges = np.array([across.min(), down.min(), across.max() + 1, down.max() + 1])
    assert np.abs(edges - np.array(picture.boxes[0]) * 2).max() <= 2
