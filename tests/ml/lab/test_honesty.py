"""What cannot flatter: chance where nothing can be learnt, whole groups, and a kill that changes nothing."""

import csv
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ml.lab.data import Picture, grey_read, groups_in_two_splits, in_split, pictures_read, squares_read
from ml.lab.evaluate.intervals import share_interval
from ml.lab.train.classifier import ClassifierTask, logits_of
from ml.lab.train.config import Config
from ml.lab.train.heads import Head, answers_table
from ml.lab.train.loop import train
from tests.ml.lab.drawn_data import drawn_data
from tests.ml.lab.test_slice_sampling import scanned

ROOT = Path(__file__).resolve().parents[3]
KINDS = ("tumour", "no_tumour", "no_finding", "normal")
TINY = Config(
    name="tiny", version="1", task="classifier", size=32, batch=32, epoch_pictures=256, epochs=8, minutes=60,
    rate=3e-3, seed=1, average=0.8, heads={"kind": Head(KINDS, "finding")}, options={"light": 0.1},
    network={"architecture": "classifier", "trunk": "plain-cnn",
             "layers": {"filters": [8, 16, 16, 16], "dense": [32, 16], "size": 32}},
)  # fmt: skip
#: Shufflings. One says little: a network that cannot know still answers alike what looks alike, right or wrong.
SHUFFLED = 4


@pytest.fixture(scope="module")
def patients(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Picture]]:
    """Drawn pictures, each with two neighbouring slices of the same patient: a group of three in one split."""
    folder = drawn_data(tmp_path_factory.mktemp("patients"))
    rng = np.random.default_rng(6)
    pictures = []
    for picture in pictures_read(folder):
        pictures.append(picture)
        for step in (1, 2):
            moved = np.roll(grey_read(folder / picture.path), step, axis=1).astype(float)
            noisy = np.clip(moved + rng.normal(0, 3, moved.shape), 0, 255).astype(np.uint8)
            path = picture.path.replace(".png", f"-{step}.png")
            Image.fromarray(noisy).save(folder / path)
            pictures.append(replace(picture, path=path, mask="", boxes=()))
    return folder, pictures


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("READROOM_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


def right_of(config: Config, folder: Path, pictures: list[Picture]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Train and say which test pictures were answered right."""
    task = ClassifierTask(config, folder, pictures)
    network = task.network()
    network.load_state_dict(torch.load(train(task, config), weights_only=True))
    judged = in_split(pictures, "test")
    squares, _ = squares_read(folder, judged, size=config.size)
    said = logits_of(network.eval(), squares, config.heads)["kind"].argmax(1)
    return np.asarray(said == answers_table(judged, config.heads)[:, 0])


def test_true_labels_are_learnt_and_shuffled_ones_leave_chance(patients: tuple[Path, list[Picture]]) -> None:
    folder, pictures = patients
    groups = [picture.group for picture in in_split(pictures, "test")]
    learnt, _ = share_interval(right_of(TINY, folder, pictures), groups)
    shuffled = [
        replace(TINY, name=f"shuffled-{seed}", seed=seed, options={**TINY.options, "shuffled": True})
        for seed in range(SHUFFLED)
    ]
    guessed = np.concatenate([right_of(config, folder, pictures) for config in shuffled])
    # A patient met by every run is one trial still: the same mistakes are made on what looks alike.
    low, high = share_interval(guessed, groups * SHUFFLED)
    assert low <= 1 / len(KINDS) <= high < learnt


def test_cuts_are_whole_groups_that_only_teach_and_can_be_left_out(tmp_path: Path) -> None:
    folder = scanned(drawn_data(tmp_path, each=5), "axial")
    config = replace(
        TINY, heads={"plane": Head(("axial", "sagittal", "coronal"), "plane")}, options={"cuts": ["body_ct"]}
    )
    pictures = pictures_read(folder)
    task = ClassifierTask(config, folder, pictures)
    cuts = [picture for picture in task.taught if picture.collection == "body_ct"]
    assert {cut.plane for cut in cuts} == {"axial", "sagittal", "coronal"}
    assert groups_in_two_splits([*pictures, *cuts]) == []
    assert not {cut.group for cut in cuts} & {picture.group for picture in pictures}
    without = ClassifierTask(replace(config, without=("body_ct", "brain_masks")), folder, pictures)
    assert {picture.collection for picture in without.taught} == {"brain_negatives"}


@pytest.mark.timeout(600)  # Three processes that load PyTorch, perhaps beside a training.
def test_a_kill_in_mid_epoch_changes_nothing(tmp_path: Path) -> None:
    data = drawn_data(tmp_path / "data")
    config = tmp_path / "killed.toml"
    config.write_text(CONFIG)
    with started(config, data, tmp_path / "undisturbed") as undisturbed:
        assert undisturbed.wait(timeout=240) == 0
    with started(config, data, tmp_path / "killed") as killed:
        assert killed.stdout is not None
        # The line is written when an epoch is over and the next begins at once.
        assert any("epoch 1 " in line for line in killed.stdout)
        os.kill(killed.pid, signal.SIGKILL)
        assert killed.wait(timeout=60) == -signal.SIGKILL
    assert 1 <= len(epochs_of(tmp_path / "killed")) < 3
    with started(config, data, tmp_path / "killed") as resumed:
        assert resumed.wait(timeout=240) == 0
    assert [row["epoch"] for row in epochs_of(tmp_path / "killed")] == ["1", "2", "3"]
    assert digest_of(tmp_path / "killed") == digest_of(tmp_path / "undisturbed")
    assert losses_of(tmp_path / "killed") == losses_of(tmp_path / "undisturbed")


CONFIG = """
name = "killed"
version = "1"
task = "classifier"
size = 32
batch = 16
epoch_pictures = 320
epochs = 3
minutes = 60
rate = 0.003
seed = 9
average = 0.8

[network]
architecture = "classifier"
trunk = "plain-cnn"
layers = { filters = [8, 16, 16, 16], dense = [32, 16], size = 32 }

[heads.kind]
read = "finding"
labels = ["tumour", "no_tumour", "no_finding", "normal"]
"""


def started(config: Path, data: Path, runs: Path) -> "subprocess.Popen[str]":
    """Start ``python -m ml.lab.train`` as a person would."""
    environment = {**os.environ, "READROOM_DATA_SET": str(data), "READROOM_RUNS": str(runs)}
    command = [sys.executable, "-m", "ml.lab.train", str(config), "--threads=1"]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def epochs_of(runs: Path) -> list[dict[str, str]]:
    with (runs / "killed-1" / "epochs.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def losses_of(runs: Path) -> list[tuple[str, str]]:
    return [(row["loss"], row["score"]) for row in epochs_of(runs)]


def digest_of(runs: Path) -> str:
    """Sha256 over all weights of a run: the best ones, and the last with their averages and the optimiser's memory."""
    folder, digest = runs / "killed-1", hashlib.sha256()
    state = torch.load(folder / "state.pt", weights_only=True)
    del state["progress"]["seconds"]
    hash_into(digest, {"best": torch.load(folder / "best.pt", weights_only=True), **state})
    return digest.hexdigest()


def hash_into(digest: "hashlib._Hash", values: Mapping[object, object]) -> None:
    for name, value in values.items():
        digest.update(str(name).encode())
        if isinstance(value, Mapping):
            hash_into(digest, value)
        elif isinstance(value, torch.Tensor):
            digest.update(value.contiguous().numpy().tobytes())
        else:
            digest.update(repr(value).encode())
