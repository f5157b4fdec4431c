"""No picture has a near-twin in another split, and what a run must not see it does not see."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml.lab import dedup
from ml.lab.data import DEFAULT_FOLDER, SPLITS, Picture, data_folder, groups_in_two_splits, pictures_read
from ml.lab.train import near_duplicates
from ml.lab.train.config import Config
from ml.lab.train.near_duplicates import (
    as_published,
    crossing,
    difference_hash,
    groups_joined,
    hashes_read,
    main,
    twins_found,
)
from ml.lab.train.splits import held_out, seen
from tests.ml.lab.drawn_data import drawn_data, speckle

Grey = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
SHIPPED_TABLES = dedup.TABLES


def planted(folder: Path) -> Path:
    """Draw pictures of which no two are alike, then plant twins: mirrored and darker, and one cropped a little."""
    rng = np.random.default_rng(11)
    drawn_data(folder, each=5)
    with (folder / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        Image.fromarray(texture(rng)).save(folder / row["path"])
    trained, judged, other = rows[0], rows[4 * 4], rows[3 * 4 + 1]
    assert (trained["split"], judged["split"], other["split"]) == ("train", "test", "val")
    taught = np.array(Image.open(folder / trained["path"]))
    Image.fromarray(np.ascontiguousarray(taught[:, ::-1]) // 2 + 20).save(folder / judged["path"])
    Image.fromarray(np.array(Image.open(folder / rows[6]["path"]))[1:, 1:]).save(folder / other["path"])
    return folder


def texture(rng: np.random.Generator) -> Grey:
    """Draw smooth blobs, so that shrinking them leaves more than noise."""
    coarse = Image.fromarray(rng.integers(0, 256, (9, 9), np.uint8))
    return np.asarray(coarse.resize((64, 64), Image.Resampling.BICUBIC))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("READROOM_DATA_SET", str(tmp_path))
    monkeypatch.setattr(dedup, "TABLES", tmp_path / "tables")
    return planted(tmp_path)


def test_planted_twins_are_found_and_nothing_else(folder: Path) -> None:
    pictures = pictures_read(folder)
    pairs = crossing(pictures, twins_found(*hashes_read(folder, pictures)))
    found = {frozenset((pictures[one].path, pictures[other].path)) for one, other, _ in pairs}
    assert found == {
        frozenset((pictures[0].path, pictures[16].path)),
        frozenset((pictures[6].path, pictures[13].path)),
    }


def test_once_the_table_is_written_no_twins_cross_a_split(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = pictures_read(folder)
    assert main([]) == 1
    assert "2 of them lie in two splits" in capsys.readouterr().out
    assert main(["--write", "--pairs", str(folder / "pairs.csv")]) == 0
    assert len((folder / "pairs.csv").read_text().splitlines()) == 3
    assert main([]) == 0
    assert "0 of them lie in two splits" in capsys.readouterr().out
    after = pictures_read(folder)
    assert as_published(folder, after) == before
    # Each pair is drawn even, one picture a split: the later split keeps them.
    assert [after[number].split for number in (0, 16, 6, 13)] == ["test", "test", "val", "val"]
    assert after[0].group == after[16].group


def test_the_training_pictures_have_no_twin_in_another_split(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real pictures and their table where they lie beside the checkout, else the drawn ones."""
    main(["--write"])
    if (DEFAULT_FOLDER / "manifest.csv").is_file():
        folder = DEFAULT_FOLDER
        monkeypatch.setattr(dedup, "TABLES", SHIPPED_TABLES)
    pictures = pictures_read(folder)
    found = twins_found(*hashes_read(folder, pictures))
    assert len(found) >= 2
    assert len(crossing(pictures, found)) == 0


def test_hashes_do_not_mind_brightness_contrast_and_size() -> None:
    rng = np.random.default_rng(4)
    picture = texture(rng)
    large = np.asarray(Image.fromarray(picture // 3 + 60).resize((200, 300), Image.Resampling.BICUBIC))
    assert (difference_hash(picture) != difference_hash(large)).sum() <= near_duplicates.TWINS
    # Two pictures that have nothing in common differ in about half of the 256 bits.
    assert (difference_hash(speckle(rng)) != difference_hash(speckle(rng))).sum() > 80


def test_distances_are_counted_bits_across_blocks() -> None:
    rng = np.random.default_rng(5)
    plain = rng.random((1200, 256)) < 0.5
    plain[1100] = plain[3]
    plain[1100, :7] ^= True
    mirrored = rng.random((1200, 256)) < 0.5
    mirrored[900] = plain[5]
    assert twins_found(plain, mirrored).tolist() == [[3, 1100, 7], [5, 900, 0]]
    assert twins_found(plain[:0], mirrored[:0]).shape == (0, 3)


def test_joined_groups_lie_in_one_split_and_chains_are_followed() -> None:
    pictures = [
        picture_of(f"g{number}", split) for number, split in enumerate(("train", "train", "test", "val", "val"))
    ]
    pictures.append(picture_of("g1", "train"))
    chain = np.array([[0, 1, 3], [1, 2, 9], [3, 3, 0]])
    places = groups_joined(pictures, chain)
    assert {name: (place.group, place.split) for name, place in places.items()} == {
        "g0": ("g0", "train"), "g1": ("g0", "train"), "g2": ("g0", "train"),
    }  # fmt: skip
    laid = [replace(p, group=places[p.group].group, split=places[p.group].split) if p.group in places else p
            for p in pictures]  # fmt: skip
    assert groups_in_two_splits(laid) == []
    assert {picture.split for picture in laid} <= set(SPLITS)


def picture_of(group: str, split: str) -> Picture:
    return Picture(f"images/set/{group}.png", "MR", "brain", "axial", "", "", group, "drawn", split)


def test_a_table_is_never_laid_over_another_manifest(folder: Path) -> None:
    main(["--write"])
    assert dedup.places_read(folder / "manifest.csv") != {}
    with (folder / "manifest.csv").open("a") as file:
        file.write("images/us_breast/0.png,US,breast,,normal,,another,drawn,train\n")
    assert dedup.places_read(folder / "manifest.csv") == {}
    assert data_folder() == folder


def test_what_is_held_out_is_neither_seen_nor_has_a_twin_that_is() -> None:
    """One picture of the held-out set is another set's too; one lies beside pictures that only judge."""
    sets = {"a1": ("one", "train"), "a2": ("one", "test"), "b1": ("two", "train"), "b2": ("two", "val"),
            "b3": ("two", "test")}  # fmt: skip
    pictures = [replace(picture_of(group, split), path=f"images/{name}/{group}.png") for group, (name, split) in
                sets.items()]  # fmt: skip
    shared = [replace(pictures[0], path="images/two/shared.png"), replace(pictures[1], path="images/two/judged.png")]
    config = Config(name="run", version="1", task="classifier", size=8, batch=1, epoch_pictures=1, epochs=1, minutes=1,
                    rate=1, seed=0, without=("two",))  # fmt: skip
    everything = [*pictures, *shared]
    judged = held_out(everything, config)
    assert [p.path for p in judged] == [f"images/two/{name}.png" for name in ("b1", "b2", "b3", "judged")]
    taught = [p for split in ("train", "val") for p in seen(everything, config, split)]
    assert [p.path for p in taught] == ["images/one/a1.png"]
    assert not {p.group for p in taught} & {p.group for p in judged}
