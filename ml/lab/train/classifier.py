"""Training of a classifier: one trunk, several questions, each picture teaching what it knows."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from ml.cascade.networks import build
from ml.lab.augment import Moves, curved, framed, looked_closer, moves_drawn, pictures_moved, relit, shaded, softened
from ml.lab.data import Picture, squares_read
from ml.lab.train.config import Config
from ml.lab.train.heads import UNKNOWN, Heads, answers_outside, answers_table, teaching
from ml.lab.train.pretrained import start_weights
from ml.lab.train.slice_sampling import cuts_read
from ml.lab.train.splits import seen
from ml.lab.train.synthetic_ood_set import outliers_drawn
from ml.lab.train.tensors import as_input, device_of

#: Outliers drawn beforehand; each is moved and relit anew whenever it is shown.
POOL = 1500


class ClassifierTask:
    """A classifier's pictures, loss and judgement.

    Parameters
    ----------
    config
        Options: ``balance`` (power of a stratum's size), ``even`` (a head whose answers are drawn equally often: what
        looks like nothing known shall not be called by the commonest name), ``outlier_share`` of each batch,
        ``validation_outliers``, ``moves`` (see `ml.lab.augment.Moves`), ``free`` (regions of which every rotation is as
        good as another),
        ``light`` (strength of changes of grey values), ``parts`` (``share`` of the pictures that show a part of
        themselves alone, and the ``heads`` that such a part still teaches), ``cuts`` (DICOM series that slices are cut
        from), ``shuffled`` (labels drawn anew, so that nothing can be learnt: a check of the measurement).
    """

    def __init__(self, config: Config, folder: Path, pictures: Sequence[Picture]) -> None:
        self.config, self.heads, options = config, config.heads, config.options
        self.taught = teaching(seen(pictures, config, "train"), self.heads)
        self.squares, _ = squares_read(folder, self.taught, size=config.size)
        self._cuts_added(folder, [name for name in options.get("cuts", []) if name not in config.without])
        self.answers = answers_table(self.taught, self.heads)
        if options.get("shuffled"):
            self.answers = self.answers[np.random.default_rng(config.seed).permutation(len(self.answers))]
        self.weights = drawing_weights(self.taught, self.answers, options.get("balance", 0.5))
        if even := options.get("even"):
            self.weights = evened(self.weights, self.answers[:, list(self.heads).index(even)].numpy())
        self.free = torch.tensor([p.region in options.get("free", []) for p in self.taught])
        judged = teaching(seen(pictures, config, "val"), self.heads)
        squares, _ = squares_read(folder, judged, size=config.size)
        rng = np.random.default_rng(config.seed + 10_000)
        outside = options.get("validation_outliers", 0)
        if options.get("outlier_share"):
            self.pool, _ = outliers_drawn(rng, count=POOL, side=config.size, medical=self.squares)
        self.judged_squares, self.judged_answers = squares, answers_table(judged, self.heads)
        if outside:
            drawn, _ = outliers_drawn(rng, count=outside, side=config.size, medical=squares)
            self.judged_squares = np.concatenate([squares, drawn])
            self.judged_answers = torch.cat([self.judged_answers, answers_outside(outside, self.heads)])

    def _cuts_added(self, folder: Path, names: Sequence[str]) -> None:
        if names:
            squares, cuts = cuts_read(folder, names, size=self.config.size, seed=self.config.seed)
            self.squares = np.concatenate([self.squares, squares])
            self.taught = [*self.taught, *cuts]

    def network(self) -> nn.Module:
        """Build the network; see `ml.lab.train.loop.Task`."""
        network = build(**network_of(self.config))
        start_weights(network, self.config.start_key, only="trunk.")
        return network

    def batches(self, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Draw, move and relight the pictures of one epoch; see `ml.lab.train.loop.Task`."""
        config, options = self.config, self.config.options
        rng = np.random.default_rng((config.seed, epoch))
        generator = torch.Generator().manual_seed(config.seed * 1000 + epoch)
        outside = int(config.batch * options.get("outlier_share", 0.0))
        moves, light = Moves(**options.get("moves", {})), options.get("light", 1.0)
        for _ in range(config.epoch_pictures // config.batch):
            chosen = rng.choice(len(self.taught), config.batch - outside, p=self.weights)
            squares, free, answers = self.squares[chosen], self.free[chosen], self.answers[chosen]
            if outside:
                squares = np.concatenate([squares, self.pool[rng.choice(len(self.pool), outside)]])
                free = torch.cat([free, torch.ones(outside, dtype=torch.bool)])
                answers = torch.cat([answers, answers_outside(outside, self.heads)])
            matrix = moves_drawn(len(squares), generator, moves, free)
            if parts := options.get("parts"):
                matrix, answers = self._parts_shown(matrix, answers, parts, generator)
            pictures = pictures_moved(as_input(squares), matrix)
            yield changed(pictures, generator, strength=light), answers

    def _parts_shown(
        self, matrix: Tensor, answers: Tensor, parts: Mapping[str, Any], generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Look closer at some pictures; they teach only what a part can tell, and outliers stay whole."""
        medical = (answers != answers_outside(1, self.heads)).any(1)
        chosen = medical & (torch.rand(len(matrix), generator=generator) < parts["share"])
        lost = torch.tensor([name not in parts["heads"] for name in self.heads])
        return looked_closer(matrix, chosen, generator), answers.masked_fill(chosen[:, None] & lost, UNKNOWN)

    def loss(self, outputs: tuple[Tensor, ...], answers: Tensor) -> Tensor:
        """Sum over heads of the cross-entropy on the pictures that teach them."""
        total = outputs[0].new_zeros(())
        for head, logits in enumerate(logits_among(outputs, self.heads)):
            known = answers[:, head] != UNKNOWN
            if known.any():
                smooth = self.config.options.get("smoothing", 0.02)
                total = total + F.cross_entropy(logits[known], answers[known, head], label_smoothing=smooth)
        return total

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Accuracy of each head on the validation split; the score is their mean."""
        logits = logits_of(network, self.judged_squares, self.heads)
        figures: dict[str, float] = {}
        for head, name in enumerate(self.heads):
            known = self.judged_answers[:, head] != UNKNOWN
            right = logits[name][known].argmax(1) == self.judged_answers[known, head]
            figures[name] = float(right.float().mean()) if known.any() else 0.0
        figures["score"] = sum(figures.values()) / len(figures)
        return figures


def changed(pictures: Tensor, generator: torch.Generator, *, strength: float) -> Tensor:
    """Change light, sharpness and frame, so that little of a source's own look is left."""
    lit = relit(curved(shaded(pictures, generator, share=0.4 * strength), generator, share=0.5 * strength), generator)
    return framed(softened(lit, generator, strength=max(strength, 0.1)), generator)


def network_of(config: Config) -> dict[str, Any]:
    """Arguments of `ml.cascade.networks.build` for a configured classifier."""
    options = {key: value for key, value in config.network.items() if key != "architecture"}
    heads = {name: len(head.labels) for name, head in config.heads.items()}
    return {"architecture": config.network["architecture"], "options": {**options, "heads": heads}}


def drawing_weights(pictures: Sequence[Picture], answers: Tensor, power: float) -> NDArray[np.float64]:
    """Chance of each picture to be drawn, so that small sources and rare answers are seen.

    A stratum (collection and answers) with n pictures gets a share in proportion to n**power.
    """
    strata = [(p.collection, *row) for p, row in zip(pictures, answers.tolist(), strict=True)]
    sizes = Counter(strata)
    weights = np.array([sizes[stratum] ** (power - 1.0) for stratum in strata], np.float64)
    return np.asarray(weights / weights.sum(), np.float64)


def evened(weights: NDArray[np.float64], answers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give the pictures of every answer of one head the same chance together, and theirs to those without an answer.

    Parameters
    ----------
    weights
        Chance of each picture, shape (N,), in all 1.
    answers
        Label numbers, shape (N,), `UNKNOWN` where a picture teaches the head nothing.
    """
    known = answers != UNKNOWN
    shares = np.bincount(answers[known], weights[known])
    even = weights.copy()
    even[known] *= weights[known].sum() / np.count_nonzero(shares) / shares[answers[known]]
    return even


def logits_among(outputs: Sequence[Tensor], heads: Heads | Mapping[str, object]) -> list[Tensor]:
    """The logits of each head among a network's outputs, which give each head's map after them."""
    return list(outputs[0 : 2 * len(heads) : 2])


def logits_of(network: nn.Module, squares: NDArray[np.uint8], heads: Heads) -> dict[str, Tensor]:
    """Logits (N, C) of every head, on the CPU."""
    parts = []
    with torch.inference_mode():
        for start in range(0, len(squares), 64):
            batch = as_input(squares[start : start + 64]).to(device_of(network))
            parts.append([logits.cpu() for logits in logits_among(network(batch), heads)])
    return {name: torch.cat([part[i] for part in parts]) for i, name in enumerate(heads)}
