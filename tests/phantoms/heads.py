"""Drawn heads in the round, cut into slices as a scanner would, however the head lies."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileDataset

from ml.dicomio.calibration import FrameGrid
from ml.dicomio.series import SlicePicture
from tests.phantoms import dicom, geometry

Points = NDArray[np.float64]
#: Whole-head cuts with coarse voxels, so that tests are quick.
CUT = geometry.Cut(origin=(-96.0, -112.0, -80.0), spacing=(3.0, 3.0), gap=3.5, shape=(48, 76, 66))
#: Inside a head, mm from its middle: centre, radii, brightness. No symmetry, so that there is one way to lie.
PARTS = (
    ((0.0, 0.0, 0.0), (75.0, 92.0, 72.0), 230.0),  # scalp and skull
    ((0.0, 0.0, 0.0), (68.0, 85.0, 65.0), 110.0),  # brain
    ((-15.0, -8.0, 12.0), (9.0, 26.0, 10.0), 35.0),
    ((13.0, -4.0, 14.0), (7.0, 22.0, 9.0), 35.0),
    ((35.0, 38.0, -22.0), (20.0, 18.0, 16.0), 165.0),
    ((-38.0, 30.0, 22.0), (14.0, 20.0, 12.0), 150.0),
    ((22.0, -52.0, 28.0), (16.0, 12.0, 14.0), 180.0),
    ((-28.0, -40.0, -28.0), (18.0, 14.0, 12.0), 75.0),
)


def turned(degrees: tuple[float, float, float]) -> Points:
    """Return the rotation about x, then y, then z, (3, 3)."""
    x, y, z = np.radians(degrees)
    about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_z = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x)


def head(
    cut: geometry.Cut = CUT,
    *,
    rotation: tuple[float, float, float] = (0.0, 0.0, 0.0),
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0),
    noise: float = 2.0,
    seed: int = 0,
) -> NDArray[np.uint8]:
    """Draw the slices of a head that was turned (degrees) and then moved (mm), (slices, rows, columns)."""
    inside = (cut.points() - np.asarray(shift)) @ turned(rotation)
    drawn = np.full(cut.shape, 8.0)
    for centre, radii, bright in PARTS:
        drawn[np.sum(((inside - centre) / radii) ** 2, axis=-1) <= 1] = bright
    drawn += np.random.default_rng(seed).normal(0, noise, cut.shape)
    return np.asarray(np.clip(drawn, 0, 255), dtype=np.uint8)


def slices(pixels: NDArray[np.uint8], cut: geometry.Cut = CUT) -> list[SlicePicture]:
    """Return drawn slices as the reader hands them over."""
    cosines, normal = (*cut.row, *cut.column), np.cross(cut.row, cut.column)
    return [
        SlicePicture(
            Path(f"slice-{number}"),
            0,
            grey,
            0.0,
            FrameGrid(
                cut.spacing,
                is_calibrated=True,
                note="",
                position=float(np.dot(normal, place)),
                origin=tuple(float(value) for value in place),
                cosines=cosines,
            ),
        )
        for number, (grey, place) in enumerate(zip(pixels, cut.positions(), strict=True))
    ]


def objects(pixels: NDArray[np.uint8], cut: geometry.Cut = CUT) -> list[FileDataset]:
    """Return drawn slices as an MR series."""
    made = geometry.single_frames(cut)
    for ds, grey in zip(made, pixels, strict=True):
        plain = dicom.image(grey, WindowCenter=128, WindowWidth=256)
        for keyword in ("Rows", "Columns", "PixelData", "WindowCenter", "WindowWidth"):
            setattr(ds, keyword, getattr(plain, keyword))
    return made
