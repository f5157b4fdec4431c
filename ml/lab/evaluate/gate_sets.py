"""The pictures that a gate is judged on: known ones that must pass, and others that must not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.lab.data import Picture, in_split, squares_read
from ml.lab.evaluate.external_sets import dicom_slices, held_out_drawings, is_other_body, library_pictures, other_bodies
from ml.lab.train.config import Config
from ml.lab.train.heads import teaching
from ml.lab.train.splits import held_out

#: Drawings of each unseen kind.
EACH = 30
MODALITIES = ("CT", "MR", "US", "XR")


@dataclass(frozen=True)
class PictureSet:
    """Pictures that are judged together.

    Attributes
    ----------
    known
        Whether they should pass.
    names, groups
        Kind of each picture, and what it must stay together with in an interval.
    squares
        Prepared pictures (N, S, S).
    """

    title: str
    known: bool
    names: list[str]
    groups: list[str]
    squares: NDArray[np.uint8]


def sets_judged(
    config: Config, folder: Path, pictures: Sequence[Picture], taught: Sequence[Picture]
) -> Iterator[PictureSet]:
    """Give every set, the known test pictures first.

    Parameters
    ----------
    taught
        What the network learnt from: a part is known where one of these shows it in the same modality.
    """
    size, kinds = config.size, {(p.modality, p.region) for p in taught}
    tested = [p for p in in_split(pictures, "test") if p.collection not in config.without]
    yield _pictures("Known pictures kept", teaching(tested, config.heads), folder, size, known=True)
    photographs = [("sample pictures of libraries", square) for _, square in library_pictures(size)]
    yield _others("Photographs refused", photographs)
    yield _others("Unseen drawings refused", held_out_drawings(size, each=EACH, seed=98))
    yield _others("Other bodies refused", other_bodies(folder, size))
    left_out = [p for p in held_out(pictures, config) if p.region]
    for title, known in (("Parts never taught refused", False), ("Known parts of unseen sources kept", True)):
        if chosen := [p for p in left_out if ((p.modality, p.region) in kinds) == known]:
            yield _pictures(title, chosen, folder, size, known=known)
    yield from _unseen_objects(config, folder)


def _pictures(title: str, pictures: Sequence[Picture], folder: Path, size: int, *, known: bool) -> PictureSet:
    squares, _ = squares_read(folder, pictures, size=size)
    names = [f"{p.collection}: {p.modality} {p.region}".strip() for p in pictures]
    return PictureSet(title, known, names, [p.group for p in pictures], squares)


def _others(
    title: str, found: Iterator[tuple[str, NDArray[np.uint8]]] | list[tuple[str, NDArray[np.uint8]]]
) -> PictureSet:
    pairs = list(found)
    names = [name for name, _ in pairs]
    return PictureSet(title, known=False, names=names, groups=_apart(names), squares=np.stack([s for _, s in pairs]))


def _unseen_objects(config: Config, folder: Path) -> Iterator[PictureSet]:
    """DICOM objects of known kinds, of series that nothing was cut from: known bodies, unseen scanners."""
    cut = set(config.options.get("cuts", [])) - set(config.without)
    found = dicom_slices(
        folder, config.size, wanted=lambda file: file.parent.name not in cut and not is_other_body(file)
    )
    chosen = [one for one in found if one.modality in MODALITIES]
    if chosen:
        names = [f"dicom/{s.folder}" for s in chosen]
        squares = np.stack([s.square for s in chosen])
        yield PictureSet("Unseen DICOM of known kinds kept", known=True, names=names, groups=names, squares=squares)


def _apart(names: Sequence[str]) -> list[str]:
    return [str(number) for number in range(len(names))]
