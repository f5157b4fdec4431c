"""A search tries what it declares, once each, and goes on where it was stopped."""

import csv
from pathlib import Path
from typing import Any

import pytest

from ml.lab.data import pictures_read
from ml.lab.search.__main__ import searched
from ml.lab.search.space import Space, space_read, varied
from ml.lab.train.config import Config
from ml.lab.train.heads import Head
from tests.ml.lab.drawn_data import drawn_data

PLAIN = Config(
    name="plain", version="1", task="classifier", size=32, batch=16, epoch_pictures=32, epochs=1, minutes=60, rate=1e-3,
    seed=5, network={"architecture": "classifier", "trunk": "plain-cnn", "layers": {"size": 32}},
    heads={"modality": Head(("CT", "MR", "US", "XR"), "modality")},
)  # fmt: skip


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("READROOM_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


def test_a_grid_tries_every_combination_once_and_goes_on(tmp_path: Path, runs: Path) -> None:
    folder = drawn_data(tmp_path / "data")
    choices: dict[str, list[Any]] = {"filters": [[4, 4, 4, 4], [8, 8, 8, 8]], "rate": [1e-3, 1e-2]}
    begun = Space("small", PLAIN, 1.0, "grid", 2, 3, choices)
    pictures = pictures_read(folder)
    searched(begun, folder, pictures)
    study = searched(Space("small", PLAIN, 1.0, "grid", 4, 3, choices), folder, pictures)
    assert len({tuple(sorted(trial.params.items())) for trial in study.trials}) == len(study.trials) == 4
    with (runs / "search-small" / "trials.csv").open(newline="") as stream:
        scores = [float(row["score"]) for row in csv.DictReader(stream)]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == 4


def test_a_trial_is_the_configuration_with_its_settings() -> None:
    space = Space("s", PLAIN, 0.5, "random", 1, 1, {})
    config = varied(space, 7, {"filters": [4, 8, 8, 8], "dropout": 0.5, "rate": 0.1, "batch": 8})
    assert config.network["layers"] == {"size": 32, "filters": [4, 8, 8, 8], "dropout": 0.5}
    assert (config.rate, config.batch, config.minutes, config.key) == (0.1, 8, 0.5, "search-s/07-1")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [('method = "guess"', "grid or random"), ('method = "grid"\nsteps = 3', "'steps'"),
     ('method = "grid"\n[choices]\ncolour = [1]', "'colour' cannot be varied")],
)  # fmt: skip
def test_a_search_that_cannot_be_run_is_refused(tmp_path: Path, wrong: str, told: str) -> None:
    file = tmp_path / "odd.toml"
    file.write_text(f'name = "odd"\nof = "x.toml"\nminutes = 1\ntrials = 1\nseed = 1\n{wrong}\n')
    with pytest.raises(ValueError, match=told):
        space_read(file)
