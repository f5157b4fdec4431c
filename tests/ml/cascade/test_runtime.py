"""Both forms of a model answer alike, and neither runs on bytes that the manifest does not name."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from ml.cascade.runtime import Network, OpenvinoNetwork, TorchNetwork, network_load
from ml.cascade.weights import ModelRow, WeightsError, file_verified, manifest_read
from workers import configuration

WEIGHTS = configuration.weights_folder()
ROWS = manifest_read(WEIGHTS)
NETWORKS = {name: row for name, row in ROWS.items() if row.openvino}


def drawn_squares(size: int, *, count: int) -> np.ndarray:
    """Draw blurred discs of several sizes on noise: (count, 1, size, size) float32 in [0, 1]."""
    down, across = np.mgrid[:size, :size] / size
    squares = []
    for number in range(count):
        rng = np.random.default_rng(number)
        middle, radius = rng.uniform(0.3, 0.7, 2), rng.uniform(0.1, 0.35)
        distance = np.hypot(down - middle[0], across - middle[1])
        squares.append(np.clip(1.2 - distance / radius, 0, 0.9) + rng.uniform(0, 0.1, (size, size)))
    return np.stack(squares)[:, None].astype(np.float32)


@pytest.mark.parametrize("row", NETWORKS.values(), ids=NETWORKS)
def test_the_quantised_form_answers_like_the_trained_one(row: ModelRow) -> None:
    squares = drawn_squares(row.size, count=4)
    quantised = OpenvinoNetwork(row, WEIGHTS).run(squares)
    trained = TorchNetwork(row, WEIGHTS, device="cpu").run(squares)

    for name in row.outputs:
        assert quantised[name].shape == trained[name].shape
        alike = np.corrcoef(quantised[name].ravel(), trained[name].ravel())[0, 1]
        assert alike > 0.95, f"{name}: correlation {alike:.3f}"


@pytest.mark.parametrize("row", NETWORKS.values(), ids=NETWORKS)
def test_a_slice_is_answered_alike_alone_and_in_a_batch(row: ModelRow) -> None:
    network: Network = network_load(row, WEIGHTS, device="cpu")
    squares = drawn_squares(row.size, count=3)
    together = network.run(squares)

    for number in range(3):
        alone = network.run(squares[number : number + 1])
        for name in row.outputs:
            np.testing.assert_allclose(alone[name][0], together[name][number], rtol=0.02, atol=0.05)


@pytest.fixture
def tampered(tmp_path: Path) -> tuple[ModelRow, Path]:
    """A model of which somebody changed one byte."""
    row = ROWS["sorter"]
    assert row.openvino
    for name in (row.file, row.openvino.xml, row.openvino.bin):
        shutil.copy(WEIGHTS / name, tmp_path / name)
    weights = tmp_path / row.openvino.bin
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    return row, tmp_path


def test_one_changed_byte_is_refused(tampered: tuple[ModelRow, Path]) -> None:
    row, folder = tampered
    with pytest.raises(WeightsError, match="sha256 differs"):
        network_load(row, folder, device="cpu")


def test_a_missing_file_is_named(tampered: tuple[ModelRow, Path]) -> None:
    row, folder = tampered
    (folder / row.file).unlink()
    with pytest.raises(WeightsError, match=f"{row.file} is missing"):
        file_verified(folder, row.file, row.sha256)


def test_a_gpu_that_is_not_there_is_not_quietly_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TorchNetwork, "is_available", staticmethod(lambda: False))
    with pytest.raises(WeightsError, match="no GPU"):
        network_load(ROWS["sorter"], WEIGHTS, device="cuda")


@pytest.mark.parametrize("content", ["", "{}", '{"models": [{"name": "x"}]}'])
def test_a_manifest_that_makes_no_sense_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(WeightsError, match="manifest cannot be read"):
        manifest_read(tmp_path)
