"""The network architectures by name: classifiers with several trunks, segmenters and detectors.

Every network takes float32 of shape (N, 1, S, S) in [0, 1] and returns a tuple of tensors in the order of its manifest
row. Normalisation of the input is part of the network.
"""

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from ml.cascade.networks.classifiers import Classifier
from ml.cascade.networks.detectors import Detector, yolov5n
from ml.cascade.networks.segmenters import PlainUnet, TrunkUnet
from ml.cascade.networks.trunks import ResnetTrunk, SlimResnetTrunk


def build(architecture: str, options: Mapping[str, Any]) -> nn.Module:
    """Return a network with newly initialised weights.

    Parameters
    ----------
    architecture
        A key of `ARCHITECTURES`.
    options
        Keyword arguments of that network, as stored in its manifest row.

    Raises
    ------
    ValueError
        If there is no such architecture.
    """
    if architecture not in ARCHITECTURES:
        raise ValueError(f"no network is called {architecture!r}")
    return ARCHITECTURES[architecture](**options)


def _unet_resnet18() -> nn.Module:
    return TrunkUnet(ResnetTrunk())


def _unet_slim() -> nn.Module:
    return TrunkUnet(SlimResnetTrunk())


def _res50_unet() -> nn.Module:
    return TrunkUnet(ResnetTrunk(deep=True))


def _attention_unet(width: int = 32) -> nn.Module:
    return PlainUnet(width=width, attention=True)


ARCHITECTURES: dict[str, Callable[..., nn.Module]] = {
    "classifier": Classifier,
    "unet": PlainUnet,
    "attention-unet": _attention_unet,
    "res50-unet": _res50_unet,
    "unet-resnet18": _unet_resnet18,
    "unet-resnet18-slim": _unet_slim,
    "yolov5": Detector,
    "yolov5n": yolov5n,
}
