"""A small data folder, drawn: enough like the real one for every training task."""

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

FIELDS = ("path", "modality", "region", "plane", "finding", "mask", "group", "source", "split")
SIDE = 64

Grey = NDArray[np.uint8]


def disc(x: float, y: float, reach: float) -> NDArray[np.bool_]:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    inside: NDArray[np.bool_] = np.hypot(columns - x, rows - y) <= reach
    return inside


def brain(rng: np.random.Generator, *, tumour: bool) -> tuple[Grey, NDArray[np.bool_]]:
    """A grey head with a bright rim; with a bright spot somewhere inside, and where that is."""
    picture = np.where(disc(32, 32, 26), 110, 0) + np.where(disc(32, 32, 23), -20, 0)
    x, y, reach = rng.uniform((22, 22, 5), (42, 42, 8))
    spot = disc(x, y, reach) if tumour else np.zeros((SIDE, SIDE), bool)
    noisy = np.where(spot, 240, picture) + rng.normal(0, 4, (SIDE, SIDE))
    return np.clip(noisy, 0, 255).astype(np.uint8), spot


def chest(rng: np.random.Generator) -> Grey:
    """Two dark lungs on grey."""
    lungs = disc(20, 30, 12) | disc(44, 30, 12)
    return np.clip(np.where(lungs, 40, 190) + rng.normal(0, 4, (SIDE, SIDE)), 0, 255).astype(np.uint8)


def speckle(rng: np.random.Generator) -> Grey:
    """Ultrasound's grain."""
    return np.clip(rng.exponential(60, (SIDE, SIDE)), 0, 255).astype(np.uint8)


def drawn_data(folder: Path, *, each: int = 20) -> Path:
    """Write pictures, masks, manifest.csv and boxes.csv; returns the folder."""
    rng = np.random.default_rng(3)
    rows: list[dict[str, str]] = []
    boxes: list[dict[str, str]] = []
    for number in range(each):
        split = ("train", "train", "train", "val", "test")[number % 5]
        picture, spot = brain(rng, tumour=True)
        row = _saved(folder, "brain_masks", number, picture, split, ("MR", "brain", "axial", "tumour"))
        row["mask"] = f"masks/brain_masks/{number}.png"
        mask_file = folder / row["mask"]
        mask_file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(spot).save(mask_file)
        down, across = np.nonzero(spot)
        edges = (across.min(), down.min(), across.max() + 1, down.max() + 1)
        named = dict(zip(("x0", "y0", "x1", "y1"), map(str, edges), strict=True))
        boxes.append({"path": row["path"], "label": "tumour", **named})
        rows.append(row)
        plain, _ = brain(rng, tumour=False)
        rows.append(_saved(folder, "brain_negatives", number, plain, split, ("MR", "brain", "axial", "no_tumour")))
        rows.append(_saved(folder, "xr_chest", number, chest(rng), split, ("XR", "chest", "", "no_finding")))
        rows.append(_saved(folder, "us_breast", number, speckle(rng), split, ("US", "breast", "", "normal")))
    _written(folder / "manifest.csv", FIELDS, rows)
    _written(folder / "boxes.csv", ("path", "label", "x0", "y0", "x1", "y1"), boxes)
    return folder


def _saved(
    folder: Path, collection: str, number: int, picture: Grey, split: str, said: tuple[str, str, str, str]
) -> dict[str, str]:
    path = f"images/{collection}/{number}.png"
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(folder / path)
    values = (path, *said, "", f"{collection}-{number}", f"drawn/{collection}", split)
    return dict(zip(FIELDS, values, strict=True))


def _written(file: Path, fields: tuple[str, ...], rows: list[dict[str, str]]) -> None:
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, fields)
        writer.writeheader()
        writer.writerows(rows)
