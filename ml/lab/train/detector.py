"""Training of a detector: boxes around what looks abnormal, and pictures without any."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from ml.cascade.networks import build
from ml.cascade.networks.detectors import Detector
from ml.cascade.prepare import Placement
from ml.lab.augment import Moves, boxes_moved, framed, moves_drawn, pictures_moved, relit, softened
from ml.lab.data import Picture, in_split, squares_read
from ml.lab.evaluate.metrics import Boxes, average_precision, boxes_kept
from ml.lab.train.config import Config
from ml.lab.train.pretrained import start_weights
from ml.lab.train.splits import seen
from ml.lab.train.tensors import as_input, device_of, training_device


def _tumour_negative(picture: Picture) -> bool:
    return picture.modality == "MR" and picture.finding == "no_tumour"


def _fracture_negative(picture: Picture) -> bool:
    # No source of negatives has fractures drawn; pictures of the fracture source that bear no box
    # are unlabelled, not healthy, and teach nothing.
    return picture.modality == "XR" and picture.collection != "bone_fracture"


@dataclass(frozen=True)
class Target:
    """What a detector looks for: which pictures show it, and which surely do not."""

    collections: tuple[str, ...]
    negative: Callable[[Picture], bool]
    moves: Moves
    any_turn: bool


TARGETS = {
    "tumour": Target(
        ("brain_boxes", "brain_masks"),
        _tumour_negative,
        Moves(turn=10, log_scale=0.35, log_aspect=0.15, shift=0.12),
        any_turn=False,
    ),
    "fracture": Target(
        ("bone_fracture",),
        _fracture_negative,
        Moves(turn=12, log_scale=0.35, log_aspect=0.12, shift=0.12, quarters=True),
        any_turn=True,
    ),
}


class DetectorTask:
    """A detector's pictures, loss and judgement.

    Parameters
    ----------
    config
        Options: ``label``, ``negative_share`` and ``mosaic_share`` of each batch,
        ``part_share`` of positives that are cut to a part without any box, ``light`` (strength of
        changes of grey values and sharpness).
    """

    def __init__(self, config: Config, folder: Path, pictures: Sequence[Picture]) -> None:
        self.config, self.target = config, TARGETS[config.options["label"]]
        taught = usable(seen(pictures, config, "train"), config.options["label"], "train")
        judged = usable(seen(pictures, config, "val"), config.options["label"], "val")
        self.squares, places = squares_read(folder, taught, size=config.size)
        self.boxes = [
            torch.from_numpy(boxes_in_square(p, place) / config.size).float()
            for p, place in zip(taught, places, strict=True)
        ]
        self.positive = np.flatnonzero([bool(p.boxes) for p in taught])
        self.negative = np.flatnonzero([not p.boxes for p in taught])
        sizes = {c: sum(p.collection == c for p in taught) for c in {p.collection for p in taught}}
        weights = np.array([sizes[taught[i].collection] ** -0.5 for i in self.negative])
        self.negative_weights = weights / weights.sum()
        self.judged, judged_places = squares_read(folder, judged, size=config.size)
        self.judged_boxes = [boxes_in_square(p, place) for p, place in zip(judged, judged_places, strict=True)]
        self.criterion: Callable[..., tuple[Tensor, object]] | None = None

    def network(self) -> nn.Module:
        """Build the network; see `ml.lab.train.loop.Task`."""
        # Slow to import, and only detectors need it.
        from ml.cascade.compat.ultralytics import v8DetectionLoss  # noqa: PLC0415

        network = build(**network_of(self.config))
        assert isinstance(network, Detector)
        start_weights(network, self.config.start_key)
        network.to(training_device())  # the loss keeps the network's device
        vars(network.yolo)["args"] = SimpleNamespace(box=7.5, cls=0.5, dfl=1.5)  # ultralytics' own weights of the parts
        self.criterion = v8DetectionLoss(network.yolo)
        return network

    def batches(self, epoch: int) -> Iterator[tuple[Tensor, list[Tensor]]]:
        """Draw, move and relight the pictures of one epoch; see `ml.lab.train.loop.Task`."""
        rng = np.random.default_rng((self.config.seed, epoch))
        generator = torch.Generator().manual_seed(self.config.seed * 1000 + epoch)
        mosaics = int(self.config.batch * self.config.options["mosaic_share"])
        count = self.config.batch + 3 * mosaics
        for _ in range(self.config.epoch_pictures // self.config.batch):
            pictures, boxes = self._drawn(count, rng, generator)
            tiles, tile_boxes = _mosaics(pictures[: 4 * mosaics], boxes[: 4 * mosaics])
            pictures = torch.cat([tiles, pictures[4 * mosaics :]])
            strength = self.config.options["light"]
            pictures = relit(pictures, generator, strength=strength)
            pictures = framed(softened(pictures, generator, strength=strength), generator)
            yield pictures, tile_boxes + boxes[4 * mosaics :]

    def _drawn(self, count: int, rng: np.random.Generator, generator: torch.Generator) -> tuple[Tensor, list[Tensor]]:
        empty = int(count * self.config.options["negative_share"])
        chosen = np.concatenate(
            [
                rng.choice(self.positive, count - empty),
                rng.choice(self.negative, empty, p=self.negative_weights),
            ]
        )
        rng.shuffle(chosen)
        turns = torch.full((count,), self.target.any_turn)
        matrix = moves_drawn(count, generator, self.target.moves, turns)
        for row, index in enumerate(chosen):
            if len(self.boxes[index]) and rng.random() < self.config.options["part_share"]:
                matrix[row] = _without_box(matrix[row], self.boxes[index], rng)
        pictures = pictures_moved(as_input(self.squares[chosen]), matrix)
        boxes = [boxes_moved(self.boxes[i], m) for i, m in zip(chosen, matrix, strict=True)]
        return pictures, boxes

    def loss(self, outputs: tuple[Tensor, ...], answers: list[Tensor]) -> Tensor:
        """Task-aligned loss of YOLOv8 (ultralytics), a mean over the batch."""
        assert self.criterion is not None
        corners = torch.cat(answers)
        middles = torch.cat([(corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]], 1)
        owners = torch.cat([torch.full((len(b),), i) for i, b in enumerate(answers)]).to(middles)
        batch = {"batch_idx": owners, "cls": torch.zeros_like(owners), "bboxes": middles}
        raw = {"boxes": outputs[0], "scores": outputs[1], "feats": list(outputs[2:])}
        parts, _ = self.criterion(raw, batch)
        return parts.sum() / len(answers)

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Average precision on the validation split."""
        answers = answers_of(network, self.judged)
        found = [boxes_kept(answer, least=0.01) for answer in answers]
        precision = average_precision(found, self.judged_boxes)
        loose = average_precision(found, self.judged_boxes, overlap=0.3)
        return {"score": precision + 0.1 * loose, "ap50": precision, "ap30": loose}


def network_of(config: Config) -> dict[str, Any]:
    """Arguments of `ml.cascade.networks.build` for a configured detector of one label."""
    options = {key: value for key, value in config.network.items() if key != "architecture"}
    return {"architecture": config.network["architecture"], "options": {**options, "labels": 1}}


def usable(pictures: Sequence[Picture], label: str, split: str) -> list[Picture]:
    """Pictures of a split whose boxes are drawn, or that surely show none."""
    target = TARGETS[label]
    return [
        p for p in in_split(pictures, split) if (p.collection in target.collections and p.boxes) or target.negative(p)
    ]


def boxes_in_square(picture: Picture, placement: Placement) -> Boxes:
    """Drawn boxes in pixels of the square input, shape (M, 4)."""
    boxes = np.array(picture.boxes, np.float64).reshape(-1, 4) * placement.scale
    boxes += [placement.left, placement.top, placement.left, placement.top]
    return boxes


def answers_of(network: nn.Module, squares: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Raw answers (N, 5, A) of a detector in evaluation mode."""
    starts = range(0, len(squares), 16)
    with torch.inference_mode():
        device = device_of(network)
        return np.concatenate([network(as_input(squares[s : s + 16]).to(device))[0].cpu().numpy() for s in starts])


def _without_box(matrix: Tensor, boxes: Tensor, rng: np.random.Generator) -> Tensor:
    """Look closer at a part of the same picture that shows no box, where ten tries find one.

    So the source of the positives gives negatives as well, and the source itself tells nothing.
    """
    for _ in range(10):
        closer = matrix.clone()
        closer[:, :2] *= float(rng.uniform(0.3, 0.6))
        closer[:, 2] = torch.from_numpy(rng.uniform(-0.6, 0.6, 2))
        if len(boxes_moved(boxes, closer, least_left=0.02)) == 0:
            return closer
    return matrix


def _mosaics(pictures: Tensor, boxes: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
    """Lay each four pictures into one at half size (mosaic, Bochkovskiy et al. 2020)."""
    small = F.avg_pool2d(pictures, 2)
    laid = [
        torch.cat([torch.cat([a, b], 2), torch.cat([c, d], 2)], 1) for a, b, c, d in small.view(-1, 4, *small.shape[1:])
    ]
    corners = torch.tensor([[0.0, 0, 0, 0], [0.5, 0, 0.5, 0], [0, 0.5, 0, 0.5], [0.5] * 4])
    joined = [
        torch.cat([boxes[first + tile] / 2 + corners[tile] for tile in range(4)]) for first in range(0, len(boxes), 4)
    ]
    whole = torch.stack(laid) if laid else pictures[:0]
    return whole, joined
