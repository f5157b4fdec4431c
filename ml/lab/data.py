"""The training pictures: what the manifest says, and the pictures prepared as networks see them."""

import csv
import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.cascade.prepare import Placement, fit_square, outline_to_square
from ml.lab.dedup import Place, places_read

FOLDER_VARIABLE = "READROOM_DATA_SET"
DEFAULT_FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data"
SPLITS = ("train", "val", "test")

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Picture:
    """One row of the manifest, with its boxes.

    Attributes
    ----------
    path, mask
        Relative to the data folder; `mask` is empty where no outline was drawn.
    boxes
        x0, y0, x1, y1 in pixels of the picture.
    group
        Pictures of one group must stay in one split.
    source
        The publication that the picture comes from.
    """

    path: str
    modality: str
    region: str
    plane: str
    finding: str
    mask: str
    group: str
    source: str
    split: str
    boxes: tuple[Box, ...] = ()

    @property
    def collection(self) -> str:
        """Name of the set the picture came with, such as ``brain_masks``."""
        return self.path.split("/")[1]


def data_folder() -> Path:
    """Folder of the training pictures: ``READROOM_DATA_SET``, or beside the checkout.

    Raises
    ------
    FileNotFoundError
        If there is no manifest in it.
    """
    folder = Path(os.environ.get(FOLDER_VARIABLE, DEFAULT_FOLDER))
    if not (folder / "manifest.csv").is_file():
        raise FileNotFoundError(f"No manifest.csv in {folder}. Set {FOLDER_VARIABLE} to the folder of pictures.")
    return folder


def pictures_read(folder: Path) -> list[Picture]:
    """Read manifest.csv and boxes.csv; groups that hold near-twins are joined, see `ml.lab.dedup`.

    Raises
    ------
    ValueError
        If a group lies in two splits.
    """
    boxes: dict[str, list[Box]] = {}
    for row in _rows(folder / "boxes.csv"):
        corners = (float(row["x0"]), float(row["y0"]), float(row["x1"]), float(row["y1"]))
        boxes.setdefault(row["path"], []).append(corners)
    fields = ("path", "modality", "region", "plane", "finding", "mask", "group", "source", "split")
    places = places_read(folder / "manifest.csv")
    pictures = []
    for row in _rows(folder / "manifest.csv"):
        place = places.get(row["group"], Place(row["group"], row["split"]))
        said = {field: row[field] for field in fields} | {"group": place.group, "split": place.split}
        pictures.append(Picture(**said, boxes=tuple(boxes.get(row["path"], ()))))
    if parted := groups_in_two_splits(pictures):
        raise ValueError(f"{len(parted)} groups lie in two splits, such as {parted[0]}")
    return pictures


def groups_in_two_splits(pictures: Iterable[Picture]) -> list[str]:
    """Names of the groups that a split parted, sorted; none where the split is sound."""
    seen: dict[str, set[str]] = {}
    for picture in pictures:
        seen.setdefault(picture.group, set()).add(picture.split)
    return sorted(group for group, splits in seen.items() if len(splits) > 1)


def data_digest(pictures: Iterable[Picture]) -> str:
    """Sha256 over every picture's row: tells whether two trainings saw the same data."""
    lines = sorted(repr(picture) for picture in pictures)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def in_split(pictures: Iterable[Picture], split: str) -> list[Picture]:
    """The pictures of one split, in the manifest's order."""
    return [picture for picture in pictures if picture.split == split]


def grey_read(path: Path) -> NDArray[np.uint8]:
    """Read a picture as grey values, shape (rows, columns)."""
    with Image.open(path) as picture:
        return np.array(picture.convert("L"))


def squares_read(
    folder: Path,
    pictures: Sequence[Picture],
    *,
    size: int,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[NDArray[np.uint8], list[Placement]]:
    """Prepare pictures for a network.

    Returns
    -------
    squares
        Shape (N, size, size), 0..255 (a quarter of the memory that floats would take).
    placements
        Where each picture lies in its square.
    """
    squares = np.empty((len(pictures), size, size), np.uint8)
    placements = []
    for index, picture in enumerate(pictures):
        square, placement = fit_square(grey_read(folder / picture.path), size=size)
        squares[index] = np.rint(square * 255)
        placements.append(placement)
        if progress is not None:
            progress(index + 1, len(pictures))
    return squares, placements


def outline_read(folder: Path, picture: Picture, placement: Placement, size: int) -> NDArray[np.bool_]:
    """The drawn outline in the square input, shape (size, size); empty where none was drawn."""
    if not picture.mask:
        return np.zeros((size, size), bool)
    return outline_to_square(grey_read(folder / picture.mask), placement, size=size)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
