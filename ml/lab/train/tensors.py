"""From pictures to a network's input, wherever the network lies."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


def as_input(squares: NDArray[np.uint8]) -> Tensor:
    """Prepared pictures (N, S, S) of 0..255 as network input (N, 1, S, S) in [0, 1]."""
    return torch.from_numpy(squares).unsqueeze(1).float() / 255


def training_device() -> torch.device:
    """The GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device_of(network: nn.Module) -> torch.device:
    """Where a network's weights lie."""
    return next(network.parameters()).device


def moved(answers: Any, device: torch.device) -> Any:
    """Answers of a batch, a tensor or a list of tensors, on a device."""
    if isinstance(answers, Tensor):
        return answers.to(device)
    return [one.to(device) for one in answers]
