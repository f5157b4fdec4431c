"""A small network that knows three kinds of phantom, and pictures that are none of them."""

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from ml.cascade.networks import build
from ml.cascade.prepare import fit_square
from ml.cascade.weights import ModelRow, OpenvinoFiles
from ml.lab.evaluate.synthetic_ood_eval import UNSEEN
from ml.lab.train.tensors import as_input
from tests.ml.lab.drawn_data import brain, chest, speckle

SIDE = 32
LABELS = ["MR", "XR", "US"]
OPTIONS = {"trunk": "resnet18", "heads": {"modality": 3, "scope": 2}}
OUTPUTS = ["modality", "modality_map", "scope", "scope_map", "features"]
ROW = ModelRow(
    name="phantoms", version="1", kind="classify", architecture="classifier", options=OPTIONS, file="", sha256="",
    openvino=OpenvinoFiles(xml="", xml_sha256="", bin="", bin_sha256="", precision=""), input={"size": SIDE},
    outputs=OUTPUTS, labels={"modality": LABELS, "scope": ["medical", "other"]}, card="",
)  # fmt: skip

Squares = NDArray[np.uint8]


def phantoms(count: int, *, seed: int) -> tuple[Squares, NDArray[np.intp]]:
    """Draw heads, chests and speckle in turn; squares (count, SIDE, SIDE) and their label numbers."""
    rng = np.random.default_rng(seed)
    draw = (lambda: brain(rng, tumour=bool(rng.random() < 0.5))[0], lambda: chest(rng), lambda: speckle(rng))
    squares = [_square(draw[number % 3]()) for number in range(count)]
    return np.stack(squares), np.arange(count) % 3


def strangers(each: int, *, seed: int) -> Squares:
    """Draw every kind that no training uses, (kinds * each, SIDE, SIDE)."""
    rng = np.random.default_rng(seed)
    return np.stack([_square(draw(rng, 64)) for draw in UNSEEN.values() for _ in range(each)])


@cache
def network_taught() -> nn.Module:
    """A classifier that has learnt the phantoms, in a second."""
    torch.manual_seed(3)
    network = build("classifier", OPTIONS).train()
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3)
    squares, labels = phantoms(96, seed=1)
    pictures, answers = as_input(squares), torch.from_numpy(labels)
    for _ in range(12):
        at = torch.randperm(96)[:24]
        loss = F.cross_entropy(network(pictures[at])[0], answers[at])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network.eval()


class PhantomNetwork:
    """The taught network as `ml.cascade.runtime.Network`."""

    def __init__(self) -> None:
        self.row, self._module = ROW, network_taught()

    def run(self, batch: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Return the outputs by name."""
        with torch.inference_mode():
            return {n: v.numpy() for n, v in zip(OUTPUTS, self._module(torch.from_numpy(batch)), strict=True)}


def _square(grey: NDArray[np.uint8]) -> Squares:
    return np.rint(fit_square(np.ascontiguousarray(grey), size=SIDE)[0] * 255).astype(np.uint8)
