"""The networks by name: a sorter with several heads, a segmenter and a detector.

Every network takes (N, 1, S, S) float32 in [0, 1] and answers with a tuple of tensors in the
order of its manifest row.  What a network adds to its input (normalisation) is inside it.
"""

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ml.torchvision_here import BasicBlock, resnet18

GREY_MEAN, GREY_SPREAD = 0.3, 0.28  # over the prepared training pictures, rounded


def build(architecture: str, options: dict[str, Any]) -> nn.Module:
    """Build a network with fresh weights.

    Parameters
    ----------
    architecture
        "sorter-resnet18", "unet-resnet18" or "yolov5n".
    options
        Keyword arguments of that network, as stored in its manifest row.

    Raises
    ------
    ValueError
        If no network has this name.
    """
    if architecture not in _BUILDERS:
        raise ValueError(f"no network is called {architecture!r}")
    return _BUILDERS[architecture](**options)


class Trunk(nn.Module):
    """ResNet18 (He et al. 2016) for one grey channel; gives its five feature maps.

    Strides 2, 4, 8, 16, 32 with 64, 64, 128, 256, 512 channels.

    Parameters
    ----------
    fine
        Leave out the last stride, so that the last map has stride 16 and shows more of where.
    """

    def __init__(self, *, fine: bool = False) -> None:
        super().__init__()
        network = resnet18(weights=None)
        if fine:
            first = cast("BasicBlock", network.layer4[0])
            first.conv1.stride = (1, 1)
            cast("nn.Conv2d", cast("nn.Sequential", first.downsample)[0]).stride = (1, 1)
        stem = nn.Conv2d(1, 64, 7, stride=2, padding=3, bias=False)
        nn.init.kaiming_normal_(stem.weight, mode="fan_out", nonlinearity="relu")
        self.stem = nn.Sequential(stem, network.bn1, nn.ReLU(inplace=True))
        self.stages = nn.ModuleList(
            [
                nn.Sequential(network.maxpool, network.layer1),
                network.layer2,
                network.layer3,
                network.layer4,
            ]
        )

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Return the five feature maps, finest first."""
        features = [self.stem((pictures - GREY_MEAN) / GREY_SPREAD)]
        for stage in self.stages:
            features.append(stage(features[-1]))
        return features


class Sorter(nn.Module):
    """One trunk, several questions.

    A head is a 1x1 convolution followed by the mean over the map, which equals a linear layer on
    the pooled features; its map before the mean is the class activation map (Zhou et al. 2016).

    Parameters
    ----------
    heads
        Number of classes of each head, in the order of the outputs.
    """

    def __init__(self, heads: dict[str, int]) -> None:
        super().__init__()
        self.trunk = Trunk(fine=True)
        self.dropout = nn.Dropout2d(0.2)
        self.heads = nn.ModuleDict({name: nn.Conv2d(512, n, 1) for name, n in heads.items()})

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """Return logits (N, C) and map (N, C, h, w) of each head in turn."""
        last = self.dropout(self.trunk(pictures)[-1])
        answers: list[Tensor] = []
        for head in self.heads.values():
            activation = head(last)
            answers += [activation.mean((2, 3)), activation]
        return tuple(answers)


class Segmenter(nn.Module):
    """U-Net (Ronneberger et al. 2015) on the trunk; one logit a pixel.

    The last step is a plain enlargement: a convolution at full size would cost as much as all others.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trunk = Trunk()
        skips, widths = (256, 128, 64, 64), (128, 64, 32, 24)
        below = 512
        self.ups = nn.ModuleList()
        for skip, width in zip(skips, widths, strict=True):
            self.ups.append(_double_convolution(below + skip, width))
            below = width
        self.last = nn.Conv2d(below, 1, 1)

    def forward(self, pictures: Tensor) -> tuple[Tensor]:
        """Return mask logits (N, 1, S, S)."""
        *skips, deepest = self.trunk(pictures)
        for up, skip in zip(self.ups, reversed(skips), strict=True):
            deepest = up(torch.cat([F.interpolate(deepest, scale_factor=2.0), skip], 1))
        coarse = self.last(deepest)
        return (F.interpolate(coarse, scale_factor=2.0, mode="bilinear", align_corners=False),)


class Detector(nn.Module):
    """YOLOv5n in ultralytics' anchor-free form, for one grey channel.

    Parameters
    ----------
    labels
        Number of kinds of box.
    """

    def __init__(self, labels: int) -> None:
        super().__init__()
        # Slow to import, and only detectors need it.
        from ultralytics.nn.tasks import DetectionModel, yaml_model_load  # noqa: PLC0415

        layout = yaml_model_load("yolov5n.yaml") | {"nc": labels}
        self.yolo = DetectionModel(layout, ch=1, nc=labels, verbose=False)

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """Return boxes (N, 4 + labels, A): centre x, centre y, width, height, probabilities.

        In training mode the raw side distributions, label logits and feature maps instead.
        """
        answer = self.yolo(pictures)
        if self.training:
            return (answer["boxes"], answer["scores"], *answer["feats"])
        return (answer[0] if isinstance(answer, tuple) else answer,)


def _convolution(incoming: int, outgoing: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(incoming, outgoing, 3, padding=1, bias=False),
        nn.BatchNorm2d(outgoing),
        nn.ReLU(inplace=True),
    )


def _double_convolution(incoming: int, outgoing: int) -> nn.Sequential:
    return nn.Sequential(_convolution(incoming, outgoing), _convolution(outgoing, outgoing))


_BUILDERS: dict[str, Callable[..., nn.Module]] = {
    "sorter-resnet18": Sorter,
    "unet-resnet18": Segmenter,
    "yolov5n": Detector,
}
