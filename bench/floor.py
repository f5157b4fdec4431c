"""The physical floor: how fast this machine multiplies matrices, and how much a network asks for."""

import statistics
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from bench.ratio import clocked

SIDE = 1024


def matrix_product_rate() -> float:
    """Return the rate of a float32 matrix product in GFLOP/s: the median of nine."""
    a, b = torch.rand(SIDE, SIDE), torch.rand(SIDE, SIDE)
    product = clocked(lambda: torch.mm(a, b))
    product()
    return 2 * SIDE**3 / statistics.median(product() for _ in range(9)) / 1e9


def giga_operations(module: torch.nn.Module, *, size: int) -> float:
    """Return what one picture of that side costs a network, in GFLOP (a multiply and an add are two)."""
    counter: Any = FlopCounterMode(display=False)
    with counter, torch.inference_mode():
        module(torch.rand(1, 1, size, size))
    return float(counter.get_total_flops()) / 1e9
