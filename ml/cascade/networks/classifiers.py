"""Classifiers: one trunk with several heads."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from ml.cascade.networks.trunks import TRUNKS, grey_convolution, normalised

#: The trunk without spatial output: its convolutions are followed by dense layers.
PLAIN_CNN = "plain-cnn"


class Classifier(nn.Module):
    """A trunk with several classification heads.

    A head is a 1x1 convolution followed by the mean over the map, which is equivalent to a linear layer on the pooled
    features; the map before the mean is the class activation map (Zhou et al. 2016).

    Parameters
    ----------
    heads
        Number of classes of each head, in the order of the outputs.
    trunk
        A key of `ml.cascade.networks.trunks.TRUNKS`, or "plain-cnn".
    features
        Return the pooled features as the last output.
    layers
        Arguments of `PlainCnn`; only for that trunk.
    """

    def __init__(
        self,
        heads: Mapping[str, int],
        trunk: str = "resnet18",
        *,
        features: bool = True,
        layers: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        if trunk != PLAIN_CNN and trunk not in TRUNKS:
            raise ValueError(f"no trunk is called {trunk!r}")
        chosen = PlainCnn(**(layers or {})) if trunk == PLAIN_CNN else TRUNKS[trunk]()
        self.trunk, width = chosen, chosen.widths[-1]
        self.dropout = nn.Dropout2d(0.2)
        self.heads = nn.ModuleDict({name: nn.Conv2d(width, n, 1) for name, n in heads.items()})
        self.features = features

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """Return logits (N, C) and map (N, C, h, w) of each head in turn, and the pooled features (N, F)."""
        plain = self.trunk(pictures)[-1]
        last = self.dropout(plain)
        answers: list[Tensor] = []
        for head in self.heads.values():
            activation = head(last)
            answers += [activation.mean((2, 3)), activation]
        return (*answers, plain.mean((2, 3))) if self.features else tuple(answers)


class PlainCnn(nn.Module):
    """The plain network of the papers: 3x3 convolutions of 32-64-64-64, two poolings, dense 128-64.

    Its dense layers discard spatial information, so its output map has a single cell.

    Parameters
    ----------
    filters
        Channels of the four convolutions; pooling follows the first two.
    dense
        Neurons of the dense layers.
    dropout
        Dropout rate of the dense layers.
    size
        Side of the square input in pixels.
    """

    def __init__(
        self,
        filters: Sequence[int] = (32, 64, 64, 64),
        dense: Sequence[int] = (128, 64),
        dropout: float = 0.0,
        size: int = 64,
    ) -> None:
        super().__init__()
        one, two, three, four = filters
        self.convolutions = nn.Sequential(
            grey_convolution(one, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2),
            nn.Conv2d(one, two, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2),
            nn.Conv2d(two, three, 3, padding=1), nn.ReLU(inplace=True),
            nn.Conv2d(three, four, 3, padding=1), nn.ReLU(inplace=True),
        )  # fmt: skip
        first, second = dense
        self.dense = nn.Sequential(
            nn.Flatten(),
            nn.Linear(four * (size // 4) ** 2, first), nn.ReLU(inplace=True), nn.Dropout(dropout),
            nn.Linear(first, second), nn.ReLU(inplace=True), nn.Dropout(dropout),
        )  # fmt: skip
        self.widths = (second,)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Return one map with a single cell, (N, F, 1, 1), in a list."""
        return [self.dense(self.convolutions(normalised(pictures)))[:, :, None, None]]
