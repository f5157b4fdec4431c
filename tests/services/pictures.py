"""Pictures drawn for the service tests: each one different, so that each is a study of its own."""

import io

import numpy as np
from PIL import Image


def picture(number: int) -> bytes:
    """Return a PNG of an ellipse on noise, (96, 96) grey; equal numbers give equal bytes."""
    random = np.random.default_rng(number)
    rows, columns = np.meshgrid(np.linspace(-1, 1, 96), np.linspace(-1, 1, 96), indexing="ij")
    inside = (rows / random.uniform(0.5, 0.9)) ** 2 + (columns / random.uniform(0.5, 0.9)) ** 2 < 1
    grey = np.clip(random.normal(20, 6, (96, 96)) + 120 * inside, 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(grey).save(out, format="PNG")
    return out.getvalue()
