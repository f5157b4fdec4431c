"""What the cascade is timed on: real pictures where the collection lies beside the checkout, else drawn ones."""

import csv
import io
import os
from collections import defaultdict
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

ROOT = Path(__file__).resolve().parent.parent


def collection() -> Path:
    """Return the folder of real pictures: READROOM_DATA_SET, else `../shared/data` beside the checkout."""
    return Path(os.environ.get("READROOM_DATA_SET") or ROOT.parent / "shared" / "data")


def pictures(count: int) -> tuple[list[Image.Image], str]:
    """Return so many grey pictures, and what they are in words.

    Real ones come from the test split, the modalities in turn, and each modality's pictures evenly over its list.
    """
    manifest = collection() / "manifest.csv"
    if not manifest.exists():
        return [drawn(number) for number in range(count)], "drawn ellipses (no collection at hand)"
    by_modality: dict[str, list[str]] = defaultdict(list)
    with manifest.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["split"] == "test":
                by_modality[row["modality"]].append(row["path"])
    each = -(-count // len(by_modality))
    chosen = [paths[:: max(1, len(paths) // each)][:each] for paths in by_modality.values()]
    paths = [path for several in zip(*chosen, strict=False) for path in several][:count]
    return [Image.open(collection() / path).convert("L") for path in paths], "test pictures, CT MR US XR in turn"


def drawn(number: int) -> Image.Image:
    """Return a 256 x 256 ellipse on noise."""
    random = np.random.default_rng(number)
    rows, columns = np.meshgrid(np.linspace(-1, 1, 256), np.linspace(-1, 1, 256), indexing="ij")
    inside = (rows / random.uniform(0.5, 0.9)) ** 2 + (columns / random.uniform(0.5, 0.9)) ** 2 < 1
    return Image.fromarray(np.clip(random.normal(20, 6, (256, 256)) + 120 * inside, 0, 255).astype(np.uint8))


def as_new(picture: Image.Image, *, mark: str) -> bytes:
    """Return a PNG of the same pixels whose bytes nobody has sent before."""
    note, out = PngImagePlugin.PngInfo(), io.BytesIO()
    note.add_text("mark", mark)
    picture.save(out, format="PNG", pnginfo=note)
    return out.getvalue()
