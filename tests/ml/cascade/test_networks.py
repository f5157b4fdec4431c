"""The networks build, and what is shipped is what the manifest says."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from ml.cascade.networks import build
from ml.cascade.networks.classifiers import PLAIN_CNN
from ml.cascade.networks.trunks import TRUNKS
from ml.cascade.prepare import fit_square
from ml.cascade.runtime import OpenvinoNetwork, TorchNetwork
from ml.cascade.weights import ModelRow
from tests.ml.lab.drawn_data import brain, chest

WEIGHTS = Path(__file__).resolve().parents[3] / "weights"
ROWS: list[dict[str, Any]] = json.loads((WEIGHTS / "manifest.json").read_text())["models"]
SHIPPED = pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
NETWORKS = pytest.mark.parametrize(
    "row", [row for row in ROWS if row["kind"] != "measure"], ids=lambda row: row["name"]
)


#: Which of the drawn pictures a question of the sorter is for; elsewhere two answers may lie as near as they like.
ASKED_OF = {"mr_region": slice(0, 4), "xr_part": slice(4, 6), "ct_region": slice(0), "us_region": slice(0)}


def phantoms(size: int) -> NDArray[np.float32]:
    """Six drawn pictures as network input."""
    rng = np.random.default_rng(4)
    pictures = [brain(rng, tumour=i % 2 == 0)[0] for i in range(4)] + [chest(rng), chest(rng)]
    return np.stack([fit_square(p, size=size)[0] for p in pictures])[:, None]


def test_building_a_detector_leaves_pillow_as_it_was(tmp_path: Path) -> None:
    build("yolov5n", {"labels": 1})
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(b"no picture")
    with pytest.raises(UnidentifiedImageError):
        Image.open(damaged)


def test_an_unknown_network_is_refused() -> None:
    with pytest.raises(ValueError, match="no network is called 'vgg'"):
        build("vgg", {})


@pytest.mark.parametrize("trunk", [*TRUNKS, PLAIN_CNN])
def test_a_classifier_answers_every_head_with_its_map_and_the_features(trunk: str) -> None:
    network = build("classifier", {"heads": {"modality": 4, "plane": 3}, "trunk": trunk}).eval()
    with torch.no_grad():
        modality, modality_map, plane, plane_map, features = network(torch.rand(2, 1, 64, 64))
    assert modality.shape == (2, 4)
    assert plane.shape == (2, 3)
    assert modality_map.shape[:2] == (2, 4)
    assert torch.allclose(plane_map.mean((2, 3)), plane, atol=1e-5)
    weight, bias = (network.get_parameter(f"heads.plane.{name}") for name in ("weight", "bias"))
    assert torch.allclose(features @ weight[:, :, 0, 0].T + bias, plane, atol=1e-4)


def test_an_unknown_trunk_is_refused() -> None:
    with pytest.raises(ValueError, match="no trunk is called 'alexnet'"):
        build("classifier", {"heads": {"a": 2}, "trunk": "alexnet"})


@pytest.mark.parametrize(
    "architecture", ["unet", "attention-unet", "res50-unet", "unet-resnet18", "unet-resnet18-slim"]
)
def test_a_segmenter_answers_every_pixel(architecture: str) -> None:
    with torch.inference_mode():
        (mask,) = build(architecture, {}).eval()(torch.rand(2, 1, 64, 96))
    assert mask.shape == (2, 1, 64, 96)


def test_attention_weighs_what_is_skipped() -> None:
    plain, attentive = build("unet", {"width": 8}), build("attention-unet", {"width": 8})
    extra = sum(p.numel() for p in attentive.parameters()) - sum(p.numel() for p in plain.parameters())
    assert extra == sum(p.numel() for p in attentive.get_submodule("gates").parameters()) > 0


def test_the_detector_answers_boxes_inside_its_grid() -> None:
    with torch.inference_mode():
        (boxes,) = build("yolov5n", {"labels": 1}).eval()(torch.rand(2, 1, 64, 64))
    assert boxes.shape == (2, 5, 84)
    assert boxes[:, 4].min() >= 0
    assert boxes[:, 4].max() <= 1


@SHIPPED
def test_shipped_files_have_the_digests_of_the_manifest(row: dict[str, Any]) -> None:
    served = [row["openvino"]] if row["kind"] != "measure" else []
    for file, digest in (
        (row["file"], row["sha256"]),
        *((form["xml"], form["xml_sha256"]) for form in served),
        *((form["bin"], form["bin_sha256"]) for form in served),
    ):
        assert hashlib.sha256((WEIGHTS / file).read_bytes()).hexdigest() == digest, file
    assert (WEIGHTS / row["file"]).stat().st_size == row["bytes"]


@SHIPPED
def test_every_model_states_its_rule_and_its_figures(row: dict[str, Any]) -> None:
    assert row["threshold_rule"]
    assert row["metrics"]
    for figure in row["metrics"].values():
        assert figure["n"] > 0
        assert figure["low"] <= figure["value"] <= figure["high"]


@NETWORKS
def test_both_shipped_forms_answer_alike(row: dict[str, Any]) -> None:
    model = ModelRow.model_validate(row)
    batch = phantoms(model.size)
    served = OpenvinoNetwork(model, WEIGHTS).run(batch)
    exact = TorchNetwork(model, WEIGHTS, device="cpu").run(batch)
    assert list(served) == row["outputs"]
    for name in row["outputs"]:
        assert served[name].shape == exact[name].shape
    if model.kind == "classify":
        for head in row["labels"]:
            asked = ASKED_OF.get(head, slice(None))
            assert served[head][asked].argmax(1).tolist() == exact[head][asked].argmax(1).tolist(), head
        return
    first, second = (probabilities(model.kind, outputs) for outputs in (served, exact))
    assert np.abs(first - second).mean() < 0.03
    # Quantisation that cuts ranges short shows first in the highest answers.
    assert np.abs(first.max(1) - second.max(1)).max() < 0.1


def probabilities(kind: str, outputs: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    """Probability of each place (N, places)."""
    if kind == "detect":
        return outputs["boxes"][:, 4]
    return np.asarray(1 / (1 + np.exp(-outputs["mask"])), np.float32).reshape(len(outputs["mask"]), -1)


@NETWORKS
def test_a_batch_answers_like_its_pictures_alone(row: dict[str, Any]) -> None:
    model = ModelRow.model_validate(row)
    network = OpenvinoNetwork(model, WEIGHTS)
    batch = phantoms(model.size)[:3]
    together = network.run(batch)
    for index in range(len(batch)):
        alone = network.run(batch[index : index + 1])
        for name in row["outputs"]:
            assert np.allclose(alone[name][0], together[name][index], atol=1e-3)


def test_all_weights_together_stay_small() -> None:
    assert sum(file.stat().st_size for file in WEIGHTS.iterdir()) <= 300e6
    assert max(file.stat().st_size for file in WEIGHTS.iterdir()) <= 95e6
