"""Drawn PNG and JPEG pictures."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def disc(*, rows: int = 96, columns: int = 80, radius: int = 20, seed: int = 0) -> NDArray[np.uint8]:
    """Draw a bright disc (200) on a dark ground (40) with a little noise: shape (rows, columns), uint8."""
    down, across = np.mgrid[:rows, :columns]
    inside = (down - rows // 2) ** 2 + (across - columns // 2) ** 2 < radius**2
    noise = np.random.default_rng(seed).integers(-8, 9, (rows, columns))
    return (np.where(inside, 200, 40) + noise).astype(np.uint8)


def tinted(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Colour the bright part of a drawing red: shape (rows, columns, 3)."""
    dark = np.where(grey > 120, 30, grey).astype(np.uint8)
    return np.stack([grey, dark, dark], axis=2)


def png(path: Path, pixels: NDArray[np.generic] | None = None, *, seed: int = 0) -> Path:
    """Save pixels (a disc where none are given) as PNG and return the path."""
    Image.fromarray(disc(seed=seed) if pixels is None else pixels).save(path, format="PNG")
    return path


def jpeg(path: Path, pixels: NDArray[np.generic] | None = None, *, seed: int = 0) -> Path:
    """Save pixels (a disc where none are given) as JPEG and return the path."""
    Image.fromarray(disc(seed=seed) if pixels is None else pixels).save(path, format="JPEG", quality=92)
    return path
