"""Pruning takes whole channels away and leaves every question."""

import pytest
import torch
from torch import nn

from ml.cascade.networks import build
from ml.lab.prune import pruned

FIRST = "trunk.stages.0.1.0.conv1.weight"


def size_of(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize("trunk", ["resnet18", "resnet18-slim", "densenet121"])
def test_a_pruned_classifier_is_smaller_and_answers_the_same_questions(trunk: str) -> None:
    torch.manual_seed(1)
    network = build("classifier", {"heads": {"modality": 4, "plane": 3}, "trunk": trunk})
    whole = size_of(network)
    smaller = pruned(network, share=0.5, size=64).eval()
    assert size_of(smaller) < 0.5 * whole
    with torch.inference_mode():
        modality, modality_map, plane, _, features = smaller(torch.rand(2, 1, 64, 64))
    assert modality.shape == (2, 4)
    assert plane.shape == (2, 3)
    assert torch.allclose(modality_map.mean((2, 3)), modality, atol=1e-5)
    assert features.shape[1] < 1024


def test_the_weakest_channels_are_the_ones_that_go() -> None:
    torch.manual_seed(1)
    network = build("classifier", {"heads": {"modality": 4}})
    first = network.get_parameter(FIRST)
    with torch.no_grad():
        first[:32] *= 1e-4
        strong = first[32:].clone()
    kept = pruned(network, share=0.5, size=64).get_parameter(FIRST)
    assert kept.shape[0] == 32
    assert torch.isin(kept[:, 0, 0, 0], strong[:, 0, 0, 0]).all()
