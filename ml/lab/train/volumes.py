"""A DICOM series as one volume that lies as the patient does."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileDataset
from pydicom.pixels.utils import pixel_array
from scipy.interpolate import make_interp_spline
from scipy.optimize import linear_sum_assignment

from ml.dicomio.dicom import dataset_read
from ml.dicomio.display import rescaled
from ml.dicomio.header import OBLIQUE_DEGREES, normal_of, orientation, position_along_normal
from ml.dicomio.values import real_numbers, text

#: The widest gap, in usual gaps, that is bridged: one lost slice (both MR series of the data lack one).
WIDEST_GAP = 2.1


@dataclass(frozen=True)
class Volume:
    """Values on a grid whose axes run as the patient's (PS3.3 C.7.6.2.1.1).

    Attributes
    ----------
    values
        Modality values (Hounsfield units in CT), float32, shape (x, y, z): towards the patient's left, back and head.
    spacing
        Millimetres from voxel to voxel along x, y and z.
    modality
        As (0008,0060) states it.
    """

    values: NDArray[np.float32]
    spacing: tuple[float, float, float]
    modality: str


def volume_read(files: Sequence[Path]) -> Volume:
    """Stack the files of one series and turn the stack to the patient's axes.

    An acquisition that is tilted a little stays tilted: its own axes are renamed and flipped, so that its slices
    remain the ones that the scanner made. A lost slice is interpolated between its neighbours.

    Parameters
    ----------
    files
        In any order; they are sorted by ImagePositionPatient along the slice normal.

    Raises
    ------
    ValueError
        If the files are no parallel slices, lie oblique to the patient's planes, or too many of them are missing.
    Refused
        If a file cannot be read.
    """
    slices = sorted((dataset_read(file) for file in files), key=_place)
    cosines = _cosines(slices)
    stack, gap = _stacked(slices)
    down, across = real_numbers(slices[0], "PixelSpacing")
    # The stack's axes are slice, row and column; a row number grows along the second direction of the header.
    directions = np.stack([normal_of(cosines), cosines[3:], cosines[:3]])
    axes, signs = _axes_of(directions)
    values = np.flip(stack.transpose(axes), tuple(axis for axis in range(3) if signs[axis] < 0))
    spacings = (gap, down, across)
    x, y, z = (spacings[axis] for axis in axes)
    return Volume(np.ascontiguousarray(values), (x, y, z), text(slices[0], "Modality", longest=16))


def _place(ds: FileDataset) -> float:
    place = position_along_normal(ds)
    if place is None:
        raise ValueError("A slice of the series does not say where it lies.")
    return place


def _cosines(slices: Sequence[FileDataset]) -> list[float]:
    first = orientation(slices[0])
    others = [orientation(ds) for ds in slices]
    same = [one is not None and first is not None and np.allclose(one, first, atol=1e-3) for one in others]
    if first is None or len(slices) < 2 or not all(same):
        raise ValueError("The files are no parallel slices of one volume.")
    return first


def _stacked(slices: Sequence[FileDataset]) -> tuple[NDArray[np.float32], float]:
    """Values at even distances, shape (slices, rows, columns), and that distance in mm.

    The distance is taken from where the slices lie: SliceThickness may be more or less than it.
    """
    places = np.array([_place(ds) for ds in slices])
    gaps = np.diff(places)
    usual = float(np.median(gaps))
    if gaps.min() <= usual / 2 or gaps.max() > WIDEST_GAP * usual:
        raise ValueError("Slices of the series are missing or lie twice at one place.")
    stack = np.stack([np.asarray(rescaled(ds, pixel_array(ds)), np.float32) for ds in slices])
    even = np.linspace(places[0], places[-1], round((places[-1] - places[0]) / usual) + 1)
    if len(even) > len(places):
        stack = make_interp_spline(places, stack, k=1)(even).astype(np.float32)
    return stack, usual


def _axes_of(directions: NDArray[np.float64]) -> tuple[list[int], NDArray[np.float64]]:
    """For each of the patient's axes, the stack's axis that runs along it and its sign."""
    _, axes = linear_sum_assignment(-np.abs(directions.T))
    along = directions[axes, np.arange(3)]
    if np.abs(along).min() < np.cos(np.radians(OBLIQUE_DEGREES)):
        raise ValueError("The slices lie oblique to the patient's planes.")
    return [int(axis) for axis in axes], np.sign(along)
