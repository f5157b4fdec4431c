"""What a loaded network answers to many prepared pictures."""

import numpy as np
from numpy.typing import NDArray

from ml.cascade.runtime import Network

Squares = NDArray[np.uint8]
BATCH = 16


def as_batch(squares: Squares) -> NDArray[np.float32]:
    """Network input (N, 1, S, S) in [0, 1]."""
    return (squares[:, None] / 255).astype(np.float32)


def answered(network: Network, squares: Squares) -> dict[str, NDArray[np.float32]]:
    """All outputs by name for prepared pictures (N, S, S) of 0..255."""
    starts = range(0, len(squares), BATCH)
    parts = [network.run(as_batch(squares[start : start + BATCH])) for start in starts]
    return {name: np.concatenate([p[name] for p in parts]) for name in network.row.outputs}


def classes_answered(network: Network, squares: Squares) -> dict[str, NDArray[np.float64]]:
    """Logits (N, C) of every head."""
    outputs = answered(network, squares)
    return {head: outputs[head].astype(np.float64) for head in network.row.labels}


def detections_answered(network: Network, squares: Squares) -> NDArray[np.float32]:
    """Raw boxes (N, 5, A)."""
    return answered(network, squares)["boxes"]


def masks_answered(network: Network, squares: Squares) -> NDArray[np.float32]:
    """Pixel probabilities (N, S, S)."""
    logits = answered(network, squares)["mask"][:, 0]
    return np.asarray(1 / (1 + np.exp(-logits)), np.float32)
