"""The slices of a series, one after the other, as the networks see them."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.dicomio.calibration import UNCALIBRATED, FrameGrid
from ml.dicomio.errors import Refused
from ml.dicomio.header import HeaderFacts
from ml.dicomio.reader_pool import lent_reader


@dataclass(frozen=True)
class SlicePicture:
    """One slice: a frame of a file.

    Attributes
    ----------
    path, frame
        The file, and the frame in it (from 0).
    grey
        uint8 luminance, shape (rows, columns), windowed as the header states; 0 is black.
    colour_share
        Fraction of coloured pixels, 0 to 1.
    grid
        Its pixel size and position.
    """

    path: Path
    frame: int
    grey: NDArray[np.uint8]
    colour_share: float
    grid: FrameGrid = UNCALIBRATED


def slices_stream(paths: Iterable[Path], *, aside: dict[Path, str] | None = None) -> Iterator[SlicePicture]:
    """Yield every frame of every file, in the given order, with one frame in memory at a time.

    Parameters
    ----------
    paths
        Files of one series in slice order (see `ml.dicomio.grouping.series_grouped`).
    aside
        If given, collects the files that cannot be read with the reason, and the others are still read; a result from
        the rest must mention them.

    Raises
    ------
    Refused
        If a file cannot be read and `aside` is None.
    """
    for path in paths:
        try:
            yield from _slices_of(path)
        except Refused as refused:
            if aside is None:
                raise
            aside[path] = str(refused)


def _slices_of(path: Path) -> Iterator[SlicePicture]:
    with lent_reader() as reader, closing(reader.ask_frames(path)) as frames:
        for number, (told, pixels) in enumerate(frames):
            grey = np.frombuffer(pixels, np.uint8).reshape(told["shape"])
            lies: dict[str, Any] = {
                key: tuple(value) if isinstance(value, list) else value for key, value in told["grid"].items()
            }
            yield SlicePicture(path, number, grey, told["colour_share"], FrameGrid(**lies))


def slices_read(paths: Iterable[Path], *, aside: dict[Path, str] | None = None) -> list[SlicePicture]:
    """Return every frame of every file, in the given order; see `slices_stream`."""
    return list(slices_stream(paths, aside=aside))


def facts_read(path: Path) -> HeaderFacts:
    """Return the facts in the header of one file; none for a picture.

    Raises
    ------
    Refused
        If the file cannot be read.
    """
    with lent_reader() as reader:
        return HeaderFacts(reader.ask(do="facts", path=str(path)))
