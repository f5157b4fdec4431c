"""Slices cut from whole DICOM series in every plane and window: they teach what other sources look like."""

import csv
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import zoom

from ml.cascade.prepare import square_of
from ml.dicomio.header import PLANES
from ml.dicomio.windows import bytes_of
from ml.lab.data import Picture
from ml.lab.train.volumes import Volume, volume_read

#: Cuts of one plane of one series, and how many poorer ones are kept beside them.
CUTS, POOR_CUTS = 40, 4
#: Share of a cut's pixels that must show tissue; a poorer cut, towards the ends of the body, shows at least the latter.
RICH_SHARE, POOR_SHARE = 0.15, 0.06
#: A cut flatter than this (short side to long side) is a strip that nobody reads: 40 mm of a chest seen from the front.
FLATTEST = 1 / 3
#: Halfway between air and water: what is denser is body (or the table).
CT_TISSUE = -500.0
#: Share of the 99th percentile over which an MR value is more than the noise round the body.
MR_TISSUE = 0.1
#: Width and level in Hounsfield units: the presets that DICOM viewers offer (OHIF's among them).
CT_WINDOWS = {"lung": (1500.0, -600.0), "soft": (400.0, 40.0), "bone": (2500.0, 480.0)}
#: MR values have no unit: percentiles of the tissue, the first as wide as scanners store it, the second hard.
MR_WINDOWS = {"wide": (0.0, 99.9), "narrow": (10.0, 95.0)}

Limits = dict[str, tuple[float, float]]


def cuts_read(folder: Path, series: Sequence[str], *, size: int, seed: int) -> tuple[NDArray[np.uint8], list[Picture]]:
    """Cut series into pictures for training, prepared exactly as serving prepares a slice.

    Parameters
    ----------
    folder
        The data folder; a series' files lie in ``dicom/<series>`` and its source in ``dicom/manifest.csv``.
    series
        Names of series. The first word of a name is the region that it shows: ``brain_mr_t1``.
    size
        Side of the square input in pixels.
    seed
        Of the choice of slices; one series' choice does not depend on the others.

    Returns
    -------
    squares
        Shape (N, size, size), 0..255. As a radiologist looks at them: axial with the front up, coronal and sagittal
        with the head up, the patient's right (axial, coronal) or front (sagittal) at the left.
    pictures
        Their rows, ``dicom/<series>/<plane>-<slice>-<window>``, all of the split "train". Their group is the
        folder of the publication that they come from: one patient, whose series must stay together.

    Raises
    ------
    FileNotFoundError
        If a series is not there.
    ValueError
        If a series is no volume of parallel slices, see `ml.lab.train.volumes.volume_read`.
    """
    squares: list[NDArray[np.uint8]] = []
    pictures: list[Picture] = []
    origins = _origins(folder) if series else {}
    for name in series:
        files = sorted((folder / "dicom" / name).glob("*.dcm"))
        if not files or name not in origins:
            raise FileNotFoundError(f"No series {name!r} in the data's dicom folder and its manifest.")
        volume, (source, group) = volume_read(files), origins[name]
        for plane, window, index, shown in _cuts_of(volume, np.random.default_rng([seed, *name.encode()])):
            squares.append(square_of(shown, size=size))
            path = f"dicom/{name}/{plane}-{index:03d}-{window}"
            region = name.split("_")[0]
            pictures.append(Picture(path, volume.modality, region, plane, "", "", group, source, "train"))
    return np.array(squares, np.uint8).reshape(-1, size, size), pictures


def _cuts_of(volume: Volume, rng: np.random.Generator) -> list[tuple[str, str, int, NDArray[np.uint8]]]:
    """Plane, window, slice number and 8-bit cut of all that is chosen of a volume."""
    tissue = tissue_of(volume)
    limits = limits_of(volume, tissue)
    cuts = []
    for axis, plane in enumerate(PLANES):
        down, across = (extent for other, extent in enumerate(_extents(volume)) if other != axis)
        if min(down, across) < FLATTEST * max(down, across):
            continue
        shares = tissue.mean(axis=tuple(other for other in range(3) if other != axis))
        for index in slices_chosen(shares, rng):
            values = plane_cut(volume, plane, index)
            for window, (low, high) in limits.items():
                cuts.append((plane, window, index, bytes_of((values - low) / (high - low))))
    return cuts


def tissue_of(volume: Volume) -> NDArray[np.bool_]:
    """Voxels that show more than air and noise, shape of the volume."""
    if volume.modality == "CT":
        return np.asarray(volume.values > CT_TISSUE)
    return np.asarray(volume.values > MR_TISSUE * np.percentile(volume.values, 99))


def limits_of(volume: Volume, tissue: NDArray[np.bool_]) -> Limits:
    """Values that each window shows black and white, by the window's name."""
    if volume.modality == "CT":
        return {name: (level - width / 2, level + width / 2) for name, (width, level) in CT_WINDOWS.items()}
    inside = volume.values[tissue]
    return {name: (float(low), float(high)) for name, (low, high) in _percentiles(inside).items()}


def _percentiles(values: NDArray[np.float32]) -> Limits:
    return {name: tuple(np.percentile(values, shares)) for name, shares in MR_WINDOWS.items()}


def slices_chosen(shares: NDArray[np.float64], rng: np.random.Generator) -> list[int]:
    """Choose slices by the share of tissue that they show, evenly over the body, in order.

    Parameters
    ----------
    shares
        Of every slice of one plane, shape (n,).
    """
    rich = np.flatnonzero(shares >= RICH_SHARE)
    poor = np.flatnonzero((shares >= POOR_SHARE) & (shares < RICH_SHARE))
    return sorted([*_one_of_each_part(rich, CUTS, rng), *_one_of_each_part(poor, POOR_CUTS, rng)])


def _one_of_each_part(slices: NDArray[np.intp], parts: int, rng: np.random.Generator) -> list[int]:
    return [int(rng.choice(part)) for part in np.array_split(slices, parts) if len(part)]


def plane_cut(volume: Volume, plane: str, index: int) -> NDArray[np.float32]:
    """One slice of a plane as a radiologist looks at it, with square pixels.

    Returns
    -------
    ndarray
        Modality values, shape (rows, columns); a pixel is as large as the finer of the volume's two spacings.
    """
    axis = PLANES.index(plane)
    values = np.take(volume.values, index, axis=axis).T
    across, down = (spacing for other, spacing in enumerate(volume.spacing) if other != axis)
    # Rows run towards the back in an axial slice, as they should; towards the head in the others, which are turned.
    upright = values if plane == "axial" else values[::-1]
    pixel = min(down, across)
    # Linear, pixel areas edge to edge: what is shown keeps its size to half a pixel.
    square = zoom(upright, (down / pixel, across / pixel), order=1, mode="nearest", grid_mode=True)
    return np.asarray(square, np.float32)


def _extents(volume: Volume) -> tuple[float, ...]:
    return tuple(count * spacing for count, spacing in zip(volume.values.shape, volume.spacing, strict=True))


def _origins(folder: Path) -> dict[str, tuple[str, str]]:
    """Publication of each series and the place in it, by the series' name."""
    with (folder / "dicom" / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = [(row["path"].split("/")[1], row["source"], row["source_path"]) for row in csv.DictReader(file)]
    return {name: (source, f"{source}/{PurePosixPath(place).parent}") for name, source, place in rows}
