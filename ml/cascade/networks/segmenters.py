"""Segmenters: networks that return one logit per pixel."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ml.cascade.networks.trunks import StagedTrunk, normalised


class TrunkUnet(nn.Module):
    """U-Net (Ronneberger et al. 2015) with a ResNet trunk as encoder.

    The last step is plain upsampling: a convolution at full resolution would cost as much as all others together.

    Parameters
    ----------
    trunk
        The encoder; returns five feature maps of strides 2 to 32.
    """

    def __init__(self, trunk: StagedTrunk) -> None:
        super().__init__()
        self.trunk = trunk
        *skips, below = self.trunk.widths
        self.ups = nn.ModuleList()
        for skip, width in zip(reversed(skips), (128, 64, 32, 24), strict=True):
            self.ups.append(double_convolution(below + skip, width))
            below = width
        self.last = nn.Conv2d(below, 1, 1)

    def forward(self, pictures: Tensor) -> tuple[Tensor]:
        """Return mask logits (N, 1, S, S)."""
        *skips, deepest = self.trunk(pictures)
        for up, skip in zip(self.ups, reversed(skips), strict=True):
            deepest = up(torch.cat([F.interpolate(deepest, scale_factor=2.0), skip], 1))
        coarse = self.last(deepest)
        return (F.interpolate(coarse, scale_factor=2.0, mode="bilinear", align_corners=False),)


class PlainUnet(nn.Module):
    """U-Net as published (four poolings, each doubling the channels), or with attention gates (Oktay et al. 2018).

    Parameters
    ----------
    width
        Channels at full resolution; the paper's network has 64.
    attention
        Weight each skip connection by an attention gate.
    """

    def __init__(self, width: int = 32, *, attention: bool = False) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(5)]
        self.downs = nn.ModuleList([double_convolution(a, b) for a, b in zip([1, *widths[:-1]], widths, strict=True)])
        pairs = list(zip(reversed(widths[:-1]), reversed(widths[1:]), strict=True))
        self.rises = nn.ModuleList([nn.ConvTranspose2d(below, above, 2, stride=2) for above, below in pairs])
        self.gates = nn.ModuleList([AttentionGate(above) if attention else Whole() for above, _ in pairs])
        self.ups = nn.ModuleList([double_convolution(2 * above, above) for above, _ in pairs])
        self.last = nn.Conv2d(width, 1, 1)

    def forward(self, pictures: Tensor) -> tuple[Tensor]:
        """Return mask logits (N, 1, S, S)."""
        skips: list[Tensor] = []
        here = normalised(pictures)
        for down in self.downs:
            here = down(F.max_pool2d(here, 2) if skips else here)
            skips.append(here)
        for rise, gate, up, skip in zip(self.rises, self.gates, self.ups, reversed(skips[:-1]), strict=True):
            here = rise(here)
            here = up(torch.cat([gate(skip, here), here], 1))
        return (self.last(here),)


class AttentionGate(nn.Module):
    """Additive attention gate: a weight of 0 to 1 for each position of a skip connection's map."""

    def __init__(self, width: int) -> None:
        super().__init__()
        inner = width // 2
        self.skip = nn.Conv2d(width, inner, 1, bias=False)
        self.below = nn.Conv2d(width, inner, 1)
        self.weight = nn.Sequential(nn.ReLU(inplace=True), nn.Conv2d(inner, 1, 1), nn.Sigmoid())

    def forward(self, skip: Tensor, below: Tensor) -> Tensor:
        """Return the weighted map of the skip connection, (N, C, h, w)."""
        weight: Tensor = self.weight(self.skip(skip) + self.below(below))
        return skip * weight


class Whole(nn.Module):
    """Replaces `AttentionGate` if there is no attention: returns the skip connection's map unchanged."""

    def forward(self, skip: Tensor, _below: Tensor) -> Tensor:
        """Return `skip` unchanged."""
        return skip


def double_convolution(incoming: int, outgoing: int) -> nn.Sequential:
    """Return two 3x3 convolutions, each with batch normalisation and ReLU."""
    return nn.Sequential(_convolution(incoming, outgoing), _convolution(outgoing, outgoing))


def _convolution(incoming: int, outgoing: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(incoming, outgoing, 3, padding=1, bias=False),
        nn.BatchNorm2d(outgoing),
        nn.ReLU(inplace=True),
    )
