"""Training of the segmenter: outlines of tumours on brain MR, and pictures without one."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from ml.cascade.networks import build
from ml.lab.augment import Moves, framed, moves_drawn, pictures_moved, relit, softened
from ml.lab.data import Picture, outline_read, squares_read
from ml.lab.evaluate.metrics import dice
from ml.lab.train.config import Config
from ml.lab.train.pretrained import start_weights
from ml.lab.train.splits import seen
from ml.lab.train.tensors import as_input, device_of

MOVES = Moves(turn=25.0, log_scale=0.25, log_aspect=0.12, shift=0.06)


def usable(picture: Picture) -> bool:
    """True where the outline is known: drawn, told to be empty, or known to be."""
    return bool(picture.mask) or (picture.modality == "MR" and picture.finding == "no_tumour")


class SegmenterTask:
    """The segmenter's pictures, loss and judgement.

    Parameters
    ----------
    config
        Options: ``empty_share`` of each batch.

    Raises
    ------
    ValueError
        If the pictures do not fill one batch.
    """

    def __init__(self, config: Config, folder: Path, pictures: Sequence[Picture]) -> None:
        self.config = config
        taught = [p for p in seen(pictures, config, "train") if usable(p)]
        judged = [p for p in seen(pictures, config, "val") if usable(p)]
        self.squares, self.outlines = squares_and_outlines(folder, taught, config.size)
        self.judged = squares_and_outlines(folder, judged, config.size)
        drawn = self.outlines.any((1, 2))  # a mask may be there and hold nothing: so readers said
        self.positive, self.empty = np.flatnonzero(drawn), np.flatnonzero(~drawn)
        self.n_empty = int(config.batch * config.options["empty_share"])
        if len(self.positive) < config.batch - self.n_empty or len(self.empty) < self.n_empty:
            raise ValueError(
                f"a batch takes {config.batch - self.n_empty} pictures with an outline and {self.n_empty} known to be "
                f"empty; these are {len(self.positive)} and {len(self.empty)}: see batch and empty_share"
            )

    def network(self) -> nn.Module:
        """Build the network; see `ml.lab.train.loop.Task`."""
        network = build(**network_of(self.config))
        start_weights(network, self.config.start_key, only="trunk.")
        return network

    def batches(self, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Draw, move and relight the pictures of one epoch; see `ml.lab.train.loop.Task`."""
        rng = np.random.default_rng((self.config.seed, epoch))
        generator = torch.Generator().manual_seed(self.config.seed * 1000 + epoch)
        for _ in range(self.config.epoch_pictures // self.config.batch):
            chosen = np.concatenate(
                [
                    rng.choice(self.positive, self.config.batch - self.n_empty, replace=False),
                    rng.choice(self.empty, self.n_empty, replace=False),
                ]
            )
            outlines = torch.from_numpy(self.outlines[chosen]).unsqueeze(1).float()
            matrix = moves_drawn(len(chosen), generator, MOVES)
            pictures = pictures_moved(as_input(self.squares[chosen]), matrix)
            pictures = framed(softened(relit(pictures, generator), generator), generator)
            yield pictures, pictures_moved(outlines, matrix, mode="nearest")

    def loss(self, outputs: tuple[Tensor, ...], answers: Tensor) -> Tensor:
        """Cross-entropy of each pixel plus one minus Dice of each picture that has a tumour."""
        logits = outputs[0]
        entropy = F.binary_cross_entropy_with_logits(logits, answers)
        said = logits.sigmoid()
        shared = (said * answers).sum((1, 2, 3))
        both = said.sum((1, 2, 3)) + answers.sum((1, 2, 3))
        drawn = (answers.sum((1, 2, 3)) > 0).float()
        missed = (1 - (2 * shared + 1) / (both + 1)) * drawn
        return entropy * 2 + missed.sum() / drawn.sum().clamp(min=1)

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Dice on pictures with a tumour, and the share of the others that stays empty."""
        squares, outlines = self.judged
        said = probabilities_of(network, squares) >= 0.5
        drawn = outlines.any((1, 2))
        fits = [dice(s, t) for s, t in zip(said[drawn], outlines[drawn], strict=True)]
        clean = float((~said[~drawn].any((1, 2))).mean()) if (~drawn).any() else 1.0
        mean = float(np.mean(fits)) if fits else 0.0
        return {"score": 0.8 * mean + 0.2 * clean, "dice": mean, "empty_kept_empty": clean}


def network_of(config: Config) -> dict[str, Any]:
    """Arguments of `ml.cascade.networks.build` for a configured segmenter."""
    options = {key: value for key, value in config.network.items() if key != "architecture"}
    return {"architecture": config.network["architecture"], "options": options}


def squares_and_outlines(
    folder: Path, pictures: Sequence[Picture], size: int
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Prepared pictures and their outlines, both (N, size, size)."""
    squares, placements = squares_read(folder, pictures, size=size)
    outlines = np.zeros(squares.shape, bool)
    for index, (picture, placement) in enumerate(zip(pictures, placements, strict=True)):
        outlines[index] = outline_read(folder, picture, placement, size)
    return squares, outlines


def probabilities_of(network: nn.Module, squares: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Probability of tumour for each pixel, (N, size, size)."""
    parts = []
    with torch.inference_mode():
        for start in range(0, len(squares), 16):
            logits = network(as_input(squares[start : start + 16]).to(device_of(network)))[0]
            parts.append(logits[:, 0].sigmoid().cpu().numpy())
    return np.concatenate(parts)
