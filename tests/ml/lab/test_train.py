"""Training stops and goes on, learns what it is shown, and refuses what it cannot use."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from ml.lab.data import Picture, pictures_read
from ml.lab.evaluate.metrics import dice
from ml.lab.train.__main__ import main
from ml.lab.train.config import Config
from ml.lab.train.detector import DetectorTask
from ml.lab.train.loop import train
from ml.lab.train.pretrained import start_weights
from ml.lab.train.segmenter import SegmenterTask, probabilities_of
from ml.lab.train.synthetic_ood_set import DERIVED, DRAWN, HELD_OUT, outliers_drawn
from tests.ml.lab.drawn_data import drawn_data

CONFIGS = Path(__file__).resolve().parents[3] / "ml" / "lab" / "configs"
TINY = Config(
    name="tiny", version="1", task="segmenter", size=64, batch=8, epoch_pictures=32, epochs=3, minutes=60,
    rate=2e-3, seed=5, average=0.5, network={"architecture": "unet-resnet18"}, options={"empty_share": 0.4},
)  # fmt: skip
YOLO = {"architecture": "yolov5", "scale": "n"}
DETECTOR = {"label": "tumour", "negative_share": 0.3, "mosaic_share": 0.25, "part_share": 0.2, "light": 0.5}


class Brightness:
    """Tells bright pictures from dark ones: the smallest task that a network can learn."""

    def network(self) -> nn.Module:
        return Pooled()

    def batches(self, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        generator = torch.Generator().manual_seed(epoch)
        for _ in range(12):
            answers = (torch.rand(16, generator=generator) < 0.5).float()
            noise = torch.rand(16, 1, 8, 8, generator=generator) * 0.5
            yield noise + answers.view(-1, 1, 1, 1) * 0.4, answers

    def loss(self, outputs: tuple[Tensor, ...], answers: Tensor) -> Tensor:
        return nn.functional.binary_cross_entropy_with_logits(outputs[0][:, 0], answers)

    def validate(self, network: nn.Module) -> dict[str, float]:
        with torch.inference_mode():
            parts = [(network(x)[0][:, 0] > 0) == (y > 0.5) for x, y in self.batches(1000)]
        return {"score": float(torch.cat(parts).float().mean())}


class Pooled(nn.Module):
    """One convolution and a mean."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 1, 1))

    def forward(self, pictures: Tensor) -> tuple[Tensor]:
        return (self.layers(pictures).mean((2, 3)),)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Picture]]:
    folder = drawn_data(tmp_path_factory.mktemp("data"))
    return folder, pictures_read(folder)


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("READROOM_RUNS", str(tmp_path))
    return tmp_path


def test_a_stopped_training_goes_on_and_ends_as_if_never_stopped() -> None:
    whole = replace(TINY, name="whole", rate=0.05, epochs=4, epoch_pictures=192, batch=16)
    parted = replace(whole, name="parted")
    straight = torch.load(train(Brightness(), whole), weights_only=True)
    train(Brightness(), parted, stop_after_epochs=2)
    assert [row["epoch"] for row in epochs_of(parted)] == ["1", "2"]
    resumed = torch.load(train(Brightness(), parted), weights_only=True)
    assert [row["epoch"] for row in epochs_of(parted)] == ["1", "2", "3", "4"]
    for name, value in straight.items():
        assert torch.allclose(resumed[name].float(), value.float(), atol=1e-6), name
    assert float(epochs_of(parted)[-1]["score"]) > 0.95


def test_a_finished_training_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    config = replace(TINY, name="short", epochs=1, epoch_pictures=192, batch=16)
    train(Brightness(), config)
    before = (config.folder / "state.pt").read_bytes()
    capsys.readouterr()
    train(Brightness(), config)
    assert (config.folder / "state.pt").read_bytes() == before
    assert capsys.readouterr().out == ""


def test_minutes_end_a_training_too() -> None:
    config = replace(TINY, name="timed", epochs=1000, minutes=0.01, epoch_pictures=192, batch=16)
    train(Brightness(), config)
    assert 0 < len(epochs_of(config)) < 1000


def test_the_segmenter_learns_the_drawn_spots(drawn: tuple[Path, list[Picture]]) -> None:
    task = SegmenterTask(replace(TINY, epochs=4, epoch_pictures=48), *drawn)
    best = train(task, task.config)
    network = task.network()
    network.load_state_dict(torch.load(best, weights_only=True))
    squares, outlines = task.judged
    said = probabilities_of(network.eval(), squares) >= 0.5
    shown = outlines.any((1, 2))
    assert np.mean([dice(s, o) for s, o in zip(said[shown], outlines[shown], strict=True)]) > 0.6


def test_the_detector_learns_the_drawn_spots(drawn: tuple[Path, list[Picture]]) -> None:
    options = DETECTOR | {"mosaic_share": 0.0}
    task = DetectorTask(replace(TINY, task="detector", network=YOLO, size=128, options=options), *drawn)
    network = task.network().train()
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3)
    pictures, boxes = next(iter(task.batches(0)))
    for _ in range(25):
        outputs = network(pictures)
        loss = task.loss(outputs, boxes)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    best = outputs[1].detach().sigmoid().amax((1, 2))
    shown = torch.tensor([len(b) > 0 for b in boxes])
    assert 0 < int(shown.sum()) < len(boxes)
    assert best[shown].min() > best[~shown].max()


def test_a_batch_without_any_box_has_a_loss(drawn: tuple[Path, list[Picture]]) -> None:
    task = DetectorTask(replace(TINY, task="detector", network=YOLO, options=DETECTOR), *drawn)
    network = task.network().train()
    loss = task.loss(network(torch.rand(2, 1, 64, 64)), [torch.zeros(0, 4)] * 2)
    assert 0 < float(loss.detach()) < 1000


def test_mosaics_carry_their_boxes_along(drawn: tuple[Path, list[Picture]]) -> None:
    options = {"label": "tumour", "negative_share": 0.0, "mosaic_share": 1.0, "part_share": 0.0, "light": 0.01}
    config = replace(TINY, task="detector", network=YOLO, batch=4, epoch_pictures=4, size=128, options=options)
    for pictures, boxes in DetectorTask(config, *drawn).batches(0):
        for picture, drawn_boxes in zip(pictures[:, 0], boxes, strict=True):
            for x0, y0, x1, y1 in (drawn_boxes * 128).round().int().tolist():
                middle = picture[(y0 + y1) // 2, (x0 + x1) // 2]
                assert middle > picture[picture > 0.05].median(), "a box must lie on its bright spot"


def test_every_kind_of_outlier_can_be_drawn_and_judging_kinds_are_apart() -> None:
    rng = np.random.default_rng(2)
    medical = rng.integers(0, 255, (4, 64, 64), np.uint8)
    pictures, kinds = outliers_drawn(rng, count=160, side=64, medical=medical)
    assert set(kinds) == set(DRAWN) | set(DERIVED)
    assert pictures.shape == (160, 64, 64)
    assert not set(HELD_OUT) & set(kinds)
    for draw in HELD_OUT.values():
        assert draw(rng, 64).shape == (64, 64)


def test_an_unknown_key_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "odd.toml"
    file.write_text((CONFIGS / "sorter.toml").read_text().replace("seed", "sead"))
    assert main([str(file)]) == 2
    assert "sead" in capsys.readouterr().err


def test_a_training_begins_with_the_weights_of_another(runs: Path) -> None:
    (runs / "first-1").mkdir()
    first, second = Pooled(), Pooled()
    torch.save(first.state_dict(), runs / "first-1" / "best.pt")
    start_weights(second, "first-1", only="layers.0.")
    own, other = second.state_dict(), first.state_dict()
    assert torch.equal(other["layers.0.weight"], own["layers.0.weight"])
    assert not torch.equal(other["layers.3.weight"], own["layers.3.weight"])
    start_weights(second, "first-1")
    assert torch.equal(other["layers.3.weight"], second.state_dict()["layers.3.weight"])


def test_a_training_begins_with_what_ships_where_the_run_was_made_elsewhere(tmp_path: Path) -> None:
    first, second = Pooled(), Pooled()
    save_file({name: v.half() if v.is_floating_point() else v for name, v in first.state_dict().items()},
              tmp_path / "first-1.safetensors")  # fmt: skip
    start_weights(second, "first-1", weights=tmp_path)
    assert torch.equal(second.state_dict()["layers.0.weight"], first.state_dict()["layers.0.weight"].half().float())


def test_starting_from_a_run_without_weights_is_refused() -> None:
    with pytest.raises(FileNotFoundError, match="train it first"):
        start_weights(Pooled(), "nobody-1")


def test_starting_from_strange_weights_is_refused(runs: Path) -> None:
    (runs / "other-1").mkdir()
    torch.save({"layers.0.weight": torch.zeros(2, 2)}, runs / "other-1" / "best.pt")
    with pytest.raises(ValueError, match="do not fit"):
        start_weights(Pooled(), "other-1")


def epochs_of(config: Config) -> list[dict[str, str]]:
    with (config.folder / "epochs.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
