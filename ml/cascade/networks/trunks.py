"""The trunks (backbones): networks that turn a grey image into feature maps, on which heads are built."""

from collections.abc import Callable
from typing import cast

from torch import Tensor, nn

from ml.cascade.compat.torchvision import BasicBlock, densenet121, resnet18, resnet50, vgg16_bn

GREY_MEAN, GREY_SPREAD = 0.3, 0.28  # mean and standard deviation of the prepared training images, rounded


class StagedTrunk(nn.Module):
    """A stem and four stages; returns five feature maps of strides 2 to 32, with the channels in `widths`."""

    widths: tuple[int, ...]
    stem: nn.Module
    stages: nn.ModuleList

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Return the five feature maps, finest first."""
        features = [self.stem(normalised(pictures))]
        for stage in self.stages:
            features.append(stage(features[-1]))
        return features


class ResnetTrunk(StagedTrunk):
    """ResNet18 or ResNet50 (He et al. 2016) for one grey channel; returns its five feature maps.

    Strides 2, 4, 8, 16, 32; channels in `widths`.

    Parameters
    ----------
    deep
        ResNet50 instead of ResNet18.
    fine
        Omit the last stride, so that the last map has stride 16 and localises better (ResNet18 only).
    """

    def __init__(self, *, deep: bool = False, fine: bool = False) -> None:
        super().__init__()
        network = (resnet50 if deep else resnet18)(weights=None)
        self.widths = (64, 256, 512, 1024, 2048) if deep else (64, 64, 128, 256, 512)
        if fine:
            first = cast("BasicBlock", network.layer4[0])
            first.conv1.stride = (1, 1)
            cast("nn.Conv2d", cast("nn.Sequential", first.downsample)[0]).stride = (1, 1)
        stem = grey_convolution(64, 7, stride=2, padding=3)
        self.stem = nn.Sequential(stem, network.bn1, nn.ReLU(inplace=True))
        self.stages = nn.ModuleList(
            [
                nn.Sequential(network.maxpool, network.layer1),
                network.layer2,
                network.layer3,
                network.layer4,
            ]
        )


class SlimResnetTrunk(StagedTrunk):
    """ResNet18 with half the channels, for one grey channel; returns its five feature maps.

    A training step takes 0.29 of the time of ResNet18's on two cores, and the file a quarter of the space.

    Parameters
    ----------
    width
        Channels of the first map; ResNet18 has 64.
    fine
        As in `ResnetTrunk`.
    """

    def __init__(self, width: int = 32, *, fine: bool = False) -> None:
        super().__init__()
        self.widths = (width, width, 2 * width, 4 * width, 8 * width)
        strides = (1, 2, 2, 1 if fine else 2)
        self.stem = nn.Sequential(
            grey_convolution(width, 7, stride=2, padding=3), nn.BatchNorm2d(width), nn.ReLU(inplace=True)
        )
        pairs = zip(self.widths[:-1], self.widths[1:], strict=True)
        stages = [_two_blocks(a, b, stride) for (a, b), stride in zip(pairs, strides, strict=True)]
        stages[0].insert(0, nn.MaxPool2d(3, 2, 1))
        self.stages = nn.ModuleList(stages)


def _two_blocks(incoming: int, outgoing: int, stride: int) -> nn.Sequential:
    """Return one stage of ResNet18, with its convolutions initialised as by He et al."""
    shorter = None
    if incoming != outgoing or stride != 1:
        shorter = nn.Sequential(nn.Conv2d(incoming, outgoing, 1, stride, bias=False), nn.BatchNorm2d(outgoing))
    blocks = nn.Sequential(BasicBlock(incoming, outgoing, stride, shorter), BasicBlock(outgoing, outgoing))
    for layer in blocks.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    return blocks


class PlainTrunk(nn.Module):
    """A chain of layers that returns only its last map.

    Parameters
    ----------
    layers
        The layers; their input has shape (N, 1, S, S).
    width
        Channels of the last map.
    """

    def __init__(self, layers: nn.Module, width: int) -> None:
        super().__init__()
        self.layers, self.widths = layers, (width,)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Return the last feature map in a list, as `ResnetTrunk` returns its maps."""
        return [self.layers(normalised(pictures))]


def grey_convolution(outgoing: int, side: int, *, stride: int = 1, padding: int = 0) -> nn.Conv2d:
    """Return a first convolution for one grey channel, in place of one for three colours."""
    layer = nn.Conv2d(1, outgoing, side, stride=stride, padding=padding, bias=False)
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    return layer


def normalised(pictures: Tensor) -> Tensor:
    """Return grey values in [0, 1], normalised to about mean 0 and standard deviation 1 over the training images."""
    return (pictures - GREY_MEAN) / GREY_SPREAD


def _densenet121() -> PlainTrunk:
    layers = densenet121(weights=None).features
    layers.conv0 = grey_convolution(64, 7, stride=2, padding=3)
    return PlainTrunk(nn.Sequential(layers, nn.ReLU(inplace=True)), 1024)


def _vgg16() -> PlainTrunk:
    # With batch normalisation: without it, thirteen newly initialised layers do not start to learn.
    layers = vgg16_bn(weights=None).features
    layers[0] = grey_convolution(64, 3, padding=1)
    return PlainTrunk(layers, 512)


TRUNKS: dict[str, Callable[[], StagedTrunk | PlainTrunk]] = {
    "resnet18": lambda: ResnetTrunk(fine=True),
    "resnet18-slim": lambda: SlimResnetTrunk(fine=True),
    "resnet50": lambda: ResnetTrunk(deep=True),
    "densenet121": _densenet121,
    "vgg16": _vgg16,
}
