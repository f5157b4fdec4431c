"""Training of the sorter: one trunk, several questions, each picture teaching what it knows."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from ml.augment import Moves, framed, moves_drawn, pictures_moved, relit, softened
from ml.data import Picture, in_split, squares_read
from ml.networks import build
from ml.train.config import Config
from ml.train.outliers import outliers_drawn

LABELS: dict[str, tuple[str, ...]] = {
    "modality": ("CT", "MR", "US", "XR"),
    "xr_part": ("elbow", "finger", "forearm", "hand", "humerus", "shoulder", "wrist",
                "joint", "chest", "leg"),
    "mr_region": ("brain", "knee"),
    "plane": ("axial", "sagittal", "coronal"),
    "scope": ("medical", "other"),
}  # fmt: skip
UNKNOWN = -1
_LIMBS = frozenset(LABELS["xr_part"]) - {"chest"}


def answers_of(picture: Picture) -> dict[str, str]:
    """The answer of each head that this picture can teach; heads it cannot teach are left out."""
    answers = {"modality": picture.modality, "scope": "medical"}
    if picture.modality == "XR" and picture.region in LABELS["xr_part"]:
        answers["xr_part"] = picture.region
    if picture.modality == "MR" and picture.region in LABELS["mr_region"]:
        answers["mr_region"] = picture.region
    if picture.plane in LABELS["plane"]:
        answers["plane"] = picture.plane
    return answers


def answers_table(pictures: Sequence[Picture]) -> Tensor:
    """Label numbers, shape (N, heads), `UNKNOWN` where a head is not taught."""
    rows = []
    for picture in pictures:
        answers = answers_of(picture)
        rows.append([labels.index(answers[head]) if head in answers else UNKNOWN for head, labels in LABELS.items()])
    return torch.tensor(rows, dtype=torch.long).view(-1, len(LABELS))


def drawing_weights(pictures: Sequence[Picture], power: float) -> NDArray[np.float64]:
    """Chance of each picture to be drawn, so that small sources and rare parts are seen.

    A stratum (collection, region, plane) with n pictures gets a share in proportion to n**power.
    """
    strata = [(p.collection, p.region, p.plane) for p in pictures]
    sizes = Counter(strata)
    weights = np.array([sizes[stratum] ** (power - 1.0) for stratum in strata], np.float64)
    weights /= weights.sum()
    return weights


class SorterTask:
    """The sorter's pictures, loss and judgement.

    Parameters
    ----------
    config
        Options: ``balance`` (power of a stratum's size), ``outlier_share`` of each batch,
        ``validation_outliers``.
    """

    def __init__(self, config: Config, folder: Path, pictures: Sequence[Picture]) -> None:
        self.config = config
        self.taught = in_split(pictures, "train")
        self.judged = in_split(pictures, "val")
        self.squares, _ = squares_read(folder, self.taught, size=config.size)
        self.answers = answers_table(self.taught)
        self.weights = drawing_weights(self.taught, config.options["balance"])
        self.limb = torch.tensor([p.modality == "XR" and p.region in _LIMBS for p in self.taught])
        judged_squares, _ = squares_read(folder, self.judged, size=config.size)
        rng = np.random.default_rng(config.seed + 10_000)
        count = config.options["validation_outliers"]
        drawn, _ = outliers_drawn(rng, count=count, side=config.size, medical=judged_squares)
        self.judged_squares = np.concatenate([judged_squares, drawn])
        outside = answers_outside(count)
        self.judged_answers = torch.cat([answers_table(self.judged), outside])

    def network(self) -> nn.Module:
        """Build the network; see `ml.train.loop.Task`."""
        return build("sorter-resnet18", network_options())

    def batches(self, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Draw, move and relight the pictures of one epoch; see `ml.train.loop.Task`."""
        rng = np.random.default_rng((self.config.seed, epoch))
        generator = torch.Generator().manual_seed(self.config.seed * 1000 + epoch)
        outside = int(self.config.batch * self.config.options["outlier_share"])
        inside = self.config.batch - outside
        steps = self.config.epoch_pictures // self.config.batch
        for _ in range(steps):
            chosen = rng.choice(len(self.taught), inside, p=self.weights)
            drawn, _ = outliers_drawn(rng, count=outside, side=self.config.size, medical=self.squares)
            squares = np.concatenate([self.squares[chosen], drawn])
            free = torch.cat([self.limb[chosen], torch.ones(outside, dtype=torch.bool)])
            matrix = moves_drawn(len(squares), generator, Moves(), free)
            pictures = pictures_moved(as_input(squares), matrix)
            pictures = framed(softened(relit(pictures, generator), generator), generator)
            yield pictures, torch.cat([self.answers[chosen], answers_outside(outside)])

    def loss(self, outputs: tuple[Tensor, ...], answers: Tensor) -> Tensor:
        """Sum over heads of the cross-entropy on the pictures that teach them."""
        total = outputs[0].new_zeros(())
        for head, logits in enumerate(outputs[0::2]):
            known = answers[:, head] != UNKNOWN
            if known.any():
                total = total + F.cross_entropy(logits[known], answers[known, head], label_smoothing=0.02)
        return total

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Accuracy of each head on the validation split; the score is their mean."""
        logits = logits_of(network, self.judged_squares)
        figures: dict[str, float] = {}
        for head, name in enumerate(LABELS):
            known = self.judged_answers[:, head] != UNKNOWN
            right = logits[name][known].argmax(1) == self.judged_answers[known, head]
            figures[name] = float(right.float().mean())
        figures["score"] = sum(figures.values()) / len(figures)
        return figures


def network_options() -> dict[str, dict[str, int]]:
    """Options of `ml.networks.build` for the sorter."""
    return {"heads": {head: len(labels) for head, labels in LABELS.items()}}


def answers_outside(count: int) -> Tensor:
    """Answers of pictures outside the scope: they teach that head alone."""
    row = torch.full((count, len(LABELS)), UNKNOWN)
    row[:, list(LABELS).index("scope")] = LABELS["scope"].index("other")
    return row


def as_input(squares: NDArray[np.uint8]) -> Tensor:
    """Prepared pictures (N, S, S) of 0..255 as network input (N, 1, S, S) in [0, 1]."""
    return torch.from_numpy(squares).unsqueeze(1).float() / 255


def logits_of(network: nn.Module, squares: NDArray[np.uint8]) -> dict[str, Tensor]:
    """Logits (N, C) of every head."""
    starts = range(0, len(squares), 64)
    with torch.inference_mode():
        parts = [network(as_input(squares[s : s + 64]))[0::2] for s in starts]
    return {name: torch.cat([p[i] for p in parts]) for i, name in enumerate(LABELS)}
