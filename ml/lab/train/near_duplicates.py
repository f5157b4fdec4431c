"""``python -m ml.lab.train.near_duplicates``: near-duplicates across splits, and the groups they join.

A network that was taught a picture knows its twin, so a twin in the test split is no test. Sources repeat pictures:
mirrored, in another contrast, cropped, or one slice further.
"""

import argparse
import csv
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from ml.lab.data import SPLITS, Picture, data_folder, grey_read, pictures_read
from ml.lab.dedup import Place, places_write

#: Differing bits of 256 up to which two pictures are twins. Of the training pictures' pairs, all that were looked at
#: show one patient up to 16; from 17 on, chests of different people are among them, and still at 22 every pair of
#: heads is one head in another contrast. Joining too much only makes groups larger, missing a twin spoils the test:
#: so the limit lies as high as groups do not yet run into each other (the largest: 46 pictures at 24, 192 at 28).
TWINS = 24
SIDE = 16
_BLOCK = 512

Bits = NDArray[np.bool_]


def difference_hash(grey: NDArray[np.uint8]) -> Bits:
    """Say where a small picture grows brighter from left to right, shape (256,).

    Brightness, contrast and size leave it nearly as it is (Krawetz 2013, "Kind of like that"; here 16 x 16 instead
    of 8 x 8).
    """
    small = Image.fromarray(grey).resize((SIDE + 1, SIDE), Image.Resampling.BILINEAR)
    values = np.asarray(small, np.int16)
    return np.asarray(values[:, 1:] > values[:, :-1]).ravel()


def hashes_read(folder: Path, pictures: Sequence[Picture]) -> tuple[Bits, Bits]:
    """Hash pictures as they are and mirrored left to right; each of shape (N, 256)."""
    plain, mirrored = [], []
    for picture in pictures:
        grey = grey_read(folder / picture.path)
        plain.append(difference_hash(grey))
        mirrored.append(difference_hash(np.ascontiguousarray(grey[:, ::-1])))
    return np.array(plain).reshape(-1, SIDE * SIDE), np.array(mirrored).reshape(-1, SIDE * SIDE)


def twins_found(plain: Bits, mirrored: Bits, *, within: int = TWINS) -> NDArray[np.intp]:
    """Pairs of pictures whose hashes differ in few bits, mirrored or not.

    Returns
    -------
    ndarray
        Shape (pairs, 3): the first picture's number, the second's (larger), the differing bits.
    """
    found = [np.zeros((0, 3), np.intp)]
    for start in range(0, len(plain), _BLOCK):
        block = plain[start : start + _BLOCK]
        bits = np.minimum(_differing(block, plain), _differing(block, mirrored))
        first, second = np.nonzero(bits <= within)
        later = second > first + start
        found.append(np.stack([first + start, second, bits[first, second]], axis=1)[later])
    return np.concatenate(found)


def _differing(some: Bits, others: Bits) -> NDArray[np.intp]:
    """Hamming distance of each to each: a product of signs counts agreeing bits less differing ones."""
    signs = (2.0 * some - 1).astype(np.float32) @ (2.0 * others - 1).astype(np.float32).T
    return np.asarray(np.rint((some.shape[1] - signs) / 2), np.intp)


def crossing(pictures: Sequence[Picture], twins: NDArray[np.intp]) -> NDArray[np.intp]:
    """The pairs whose pictures lie in different splits."""
    apart = [pictures[first].split != pictures[second].split for first, second, _ in twins]
    return np.asarray(twins[np.array(apart, bool)], np.intp)


def groups_joined(pictures: Sequence[Picture], twins: NDArray[np.intp]) -> dict[str, Place]:
    """Join the groups that twins lie in.

    Returns
    -------
    dict
        For each group that is joined to another: the first of their names, and the split in which most of their
        pictures lie (the later one where two have as many).
    """
    names, of_picture = np.unique([picture.group for picture in pictures], return_inverse=True)
    ends = of_picture[twins[:, 0]], of_picture[twins[:, 1]]
    edges = coo_matrix((np.ones(len(twins)), ends), (len(names), len(names)))
    count, of_group = connected_components(edges, directed=False)
    votes = np.zeros((count, len(SPLITS)), int)
    np.add.at(votes, (of_group[of_picture], [SPLITS.index(picture.split) for picture in pictures]), 1)
    together = np.bincount(of_group)
    first_name = {joined: str(names[np.argmax(of_group == joined)]) for joined in np.flatnonzero(together > 1)}
    latest_most = len(SPLITS) - 1 - votes[:, ::-1].argmax(1)
    return {
        str(name): Place(first_name[joined], SPLITS[latest_most[joined]])
        for name, joined in zip(names, of_group, strict=True)
        if joined in first_name
    }


def as_published(folder: Path, pictures: Sequence[Picture]) -> list[Picture]:
    """The pictures with the groups and splits that their manifest states, before any are joined."""
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["path"]: row for row in csv.DictReader(file)}
    return [replace(p, group=rows[p.path]["group"], split=rows[p.path]["split"]) for p in pictures]


def told(pictures: Sequence[Picture], twins: NDArray[np.intp]) -> Iterator[str]:
    """Yield what a person wants to know of the pairs: how many, how near, of which sets."""
    across = crossing(pictures, twins)
    yield f"{len(pictures)} pictures, {len(twins)} pairs of twins (at most {TWINS} of {SIDE * SIDE} bits differ)"
    yield f"{len(across)} of them lie in two splits"
    sets = Counter(tuple(sorted(pictures[end].collection for end in pair[:2])) for pair in across)
    for (one, other), count in sets.most_common():
        yield f"{count:6}  {one} and {other}"


def main(arguments: list[str] | None = None) -> int:
    """Print what is twofold, as a table of pairs if asked.

    Returns
    -------
    int
        0 where no twins lie in different splits (or the table that mends it was written), 1 where some do.
    """
    parser = argparse.ArgumentParser(prog="python -m ml.lab.train.near_duplicates", description=__doc__)
    parser.add_argument("--pairs", type=Path, help="write the pairs that cross a split into this CSV file")
    parser.add_argument("--write", action="store_true", help="write the table of joined groups for this manifest")
    chosen = parser.parse_args(arguments)
    folder = data_folder()
    pictures = pictures_read(folder)
    twins = twins_found(*hashes_read(folder, pictures))
    print(*told(pictures, twins), sep="\n")
    across = crossing(pictures, twins)
    if chosen.pairs:
        _pairs_write(chosen.pairs, pictures, across)
    if chosen.write:
        places = groups_joined(as_published(folder, pictures), twins)
        print("Joined groups:", places_write(folder / "manifest.csv", places))
        return 0
    return int(len(across) > 0)


def _pairs_write(file: Path, pictures: Sequence[Picture], across: NDArray[np.intp]) -> None:
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("bits", "first", "split", "second", "split"))
        for first, second, bits in across[across[:, 2].argsort(kind="stable")]:
            one, other = pictures[first], pictures[second]
            writer.writerow((bits, one.path, one.split, other.path, other.split))


if __name__ == "__main__":
    sys.exit(main())
