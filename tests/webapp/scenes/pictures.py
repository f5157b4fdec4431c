"""Pictures that look like medicine from across the room, drawn by code: nobody's body, known truth."""

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
#: Where `brain` draws its tumour and how large, (down, across), in half pictures from the middle.
TUMOUR, TUMOUR_SIZE = (-0.22, 0.30), (0.17, 0.145)


def grid(rows: int, columns: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (down, across) coordinates in [-1, 1], each (rows, columns)."""
    down, across = np.mgrid[:rows, :columns].astype(np.float64)
    return down / (rows - 1) * 2 - 1, across / (columns - 1) * 2 - 1


def blurred(values: NDArray[np.float64], times: int) -> NDArray[np.float64]:
    """Smooth with a 3 x 3 binomial, several times."""
    for _ in range(times):
        for axis in (0, 1):
            values = (np.roll(values, 1, axis) + 2 * values + np.roll(values, -1, axis)) / 4
    return values


def texture(rows: int, columns: int, *, seed: int, grain: int) -> NDArray[np.float64]:
    """Return smooth noise in about [-1, 1]."""
    noise = blurred(np.random.default_rng(seed).normal(size=(rows, columns)), grain)
    return np.asarray(noise / (np.abs(noise).max() + 1e-9))


def blob(
    y: NDArray[np.float64], x: NDArray[np.float64], *, at: tuple[float, float], size: tuple[float, float], edge: float
) -> NDArray[np.float64]:
    """Return an ellipse, 1 inside and 0 outside, with a soft edge; `at` and `size` are (down, across)."""
    distance = np.sqrt(((y - at[0]) / size[0]) ** 2 + ((x - at[1]) / size[1]) ** 2)
    return np.asarray(1 / (1 + np.exp((distance - 1) / edge)))


def brain(*, height: float, tumour: bool = False, seed: int = 0, size: int = 256) -> Grey:
    """Draw an axial slice of a head; `height` 0 (base) to 1 (top). A tumour lies upper right around 0.6."""
    y, x = grid(size, size)
    wide = 0.78 * np.sqrt(max(0.05, 1 - (1.5 * height - 0.75) ** 2))
    head = blob(y, x, at=(0, 0), size=(wide * 1.13, wide * 0.95), edge=0.018)
    skull = head - blob(y, x, at=(0, 0), size=(wide * 1.06, wide * 0.88), edge=0.015)
    inside = blob(y, x, at=(0, 0), size=(wide * 1.0, wide * 0.82), edge=0.025)
    folds = texture(size, size, seed=seed + 3, grain=6)
    rim = inside - blob(y, x, at=(0, 0), size=(wide * 0.8, wide * 0.63), edge=0.09)
    image = (
        0.62 * skull + inside * (0.42 + 0.05 * texture(size, size, seed=seed, grain=2)) - 0.30 * rim * (folds > 0.12)
    )
    horn = 0.16 * (1 - abs(height - 0.55) * 2)
    for side in (-1, 1):
        ventricle = blob(
            y,
            x + 0.22 * side * (y + 0.5),
            at=(-0.05, side * 0.09),
            size=(horn * 1.9 + 0.01, horn * 0.6 + 0.01),
            edge=0.1,
        )
        image -= 0.34 * ventricle * inside
    image -= 0.22 * inside * np.exp(-((x / 0.012) ** 2)) * (np.abs(y) > 0.3)
    if tumour:
        core, mass, swelling = (
            blob(y, x, at=TUMOUR, size=size, edge=0.07) for size in ((0.07, 0.06), TUMOUR_SIZE, (0.27, 0.23))
        )
        image += 0.46 * mass - 0.16 * core - 0.10 * swelling
    return finished(image, seed)


def tumour_mask(size: int = 256) -> NDArray[np.bool_]:
    """Return where `brain` draws its tumour."""
    y, x = grid(size, size)
    return np.asarray(blob(y, x, at=TUMOUR, size=TUMOUR_SIZE, edge=0.07) > 0.5)


def forearm(*, broken: bool = True, seed: int = 1, rows: int = 560, columns: int = 380) -> Grey:
    """Draw an X-ray of two long bones; the left one broken at about 0.42 of the height."""
    y, x = grid(rows, columns)
    flesh = blob(y * 0.35, x, at=(0, 0), size=(0.9, 0.62), edge=0.035)
    image = 0.20 * flesh * (1 + 0.12 * texture(rows, columns, seed=seed, grain=30))
    for middle, wide, cut in ((-0.2, 0.105, broken), (0.17, 0.088, False)):
        shift = np.where(y > -0.16 - 0.35 * (x - middle), 0.045, 0.0) if cut else 0.0
        axis = middle + 0.05 * np.sin(2.2 * y) + shift
        width = wide * (1 + 0.9 * np.abs(y) ** 5)
        across = (x - axis) / width
        bone = 1 / (1 + np.exp((np.abs(across) - 1) / 0.05))
        cortex = bone * np.clip(np.abs(across), 0, 1) ** 3
        image += 0.30 * bone + 0.32 * cortex
        if cut:
            image -= 0.42 * bone * np.exp(-(((y + 0.16 + 0.35 * (x - middle)) / 0.012) ** 2))
    return finished(image, seed)


def chest(*, seed: int = 4, rows: int = 480, columns: int = 520) -> Grey:
    """Draw a chest X-ray: lungs, ribs, heart, diaphragm."""
    y, x = grid(rows, columns)
    image = 0.62 * blob(y, x, at=(0.15, 0), size=(1.25, 0.95), edge=0.04)
    for side in (-1, 1):
        lung = blob(y, x, at=(-0.02, side * 0.43), size=(0.74, 0.31), edge=0.07)
        ribs = np.clip(np.sin(15 * (y + 0.32 * np.abs(x) - 0.3 * x * side)), 0, 1)
        image -= lung * (0.44 - 0.09 * ribs + 0.04 * texture(rows, columns, seed=seed, grain=3))
    image += 0.24 * blob(y, x, at=(0.3, 0.13), size=(0.36, 0.30), edge=0.08)
    image += 0.13 * np.exp(-((x / 0.1) ** 2))
    return finished(image, seed)


def fan(*, seed: int = 7, rows: int = 440, columns: int = 560) -> Grey:
    """Draw an ultrasound fan with a dark mass."""
    y, x = grid(rows, columns)
    radius, angle = np.hypot(y + 1.05, x), np.arctan2(x, y + 1.05)
    inside = (radius > 0.25) & (radius < 1.95) & (np.abs(angle) < 0.68)
    speckle = np.abs(texture(rows, columns, seed=seed, grain=1)) * 1.3 + 0.1 * np.cos(26 * radius)
    mass = blob(y, x, at=(-0.05, 0.12), size=(0.26, 0.3), edge=0.06)
    return finished(inside * (speckle * (1 - 0.8 * mass) * np.exp(-0.35 * radius) + 0.12), seed)


def page(*, seed: int = 9, rows: int = 560, columns: int = 420) -> Grey:
    """Draw a page of text: no medical image."""
    image = np.full((rows, columns), 0.94)
    random = np.random.default_rng(seed)
    for top in range(50, rows - 50, 20):
        left = 40
        while left < columns - 70:
            wide = int(random.integers(14, 60))
            image[top : top + 8, left : min(left + wide, columns - 40)] = 0.15
            left += wide + 8
    return (image * 255).astype(np.uint8)


def finished(image: NDArray[np.float64], seed: int) -> Grey:
    """Add a detector's noise and return 8 bits."""
    noise = np.random.default_rng(seed + 50).normal(scale=0.012, size=image.shape)
    return (np.clip(image + noise, 0, 1) * 255).astype(np.uint8)
