"""Cuts of a drawn volume of known geometry: upright, named right, not squashed, however it was scanned."""

import csv
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.uid import MRImageStorage
from scipy.spatial.transform import Rotation

from ml.cascade.prepare import fit_square
from ml.dicomio.header import PLANES
from ml.lab.train.slice_sampling import CUTS, POOR_CUTS, cuts_read, plane_cut, slices_chosen
from ml.lab.train.volumes import Volume, volume_read
from tests.phantoms.dicom import image, saved

#: Half axes of the drawn body in mm, towards the patient's left, back and head.
HALF = np.array([45.0, 55.0, 35.0])
#: A bone in it lies to the patient's left, front and head of the middle.
BONE = np.array([18.0, -22.0, 12.0])
AIR, BODY, BONE_VALUE = -1000, 50, 1200
#: Column direction, row direction, mm between rows, columns and slices; some mirrored, one tilted.
TILT = Rotation.from_euler("xyz", [8, -6, 10], degrees=True)
SCANS = {
    "axial": ([1, 0, 0], [0, 1, 0], (2.0, 2.0, 4.0)),
    "axial from the head down, seen mirrored": ([-1, 0, 0], [0, 1, 0], (2.0, 2.0, 4.0)),
    "sagittal": ([0, 1, 0], [0, 0, -1], (1.5, 2.0, 5.0)),
    "coronal": ([1, 0, 0], [0, 0, -1], (2.0, 1.5, 4.0)),
    "coronal feet up": ([-1, 0, 0], [0, 0, 1], (2.0, 1.5, 4.0)),
    "tilted sagittal": (TILT.apply([0, 1, 0]).tolist(), TILT.apply([0, 0, -1]).tolist(), (2.0, 2.0, 4.0)),
}
FIELD = 144.0


def values_at(places: NDArray[np.float64]) -> NDArray[np.int16]:
    """What a scanner measures at places in patient coordinates, shape (..., 3)."""
    body = ((places / HALF) ** 2).sum(-1) <= 1
    bone = np.linalg.norm(places - BONE, axis=-1) <= 10
    return np.where(bone, BONE_VALUE, np.where(body, BODY + places[..., 1], AIR)).astype(np.int16)


def scanned(
    folder: Path, scan: str, *, series: str = "body_ct", lost: tuple[int, ...] = (), **elements: object
) -> Path:
    """Write a series of the drawn body, scanned in a way, and the manifest of the dicom folder."""
    across, down, (row_gap, column_gap, slice_gap) = SCANS[scan]
    directions = np.array([across, down, np.cross(across, down)], float)
    counts = [round(FIELD / gap) for gap in (column_gap, row_gap, slice_gap)]
    gaps = np.array([column_gap, row_gap, slice_gap])
    corner = -((np.array(counts) - 1) / 2 * gaps) @ directions
    columns, rows = np.meshgrid(np.arange(counts[0]), np.arange(counts[1]))
    own = folder / "dicom" / series
    own.mkdir(parents=True)
    for number in set(range(counts[2])) - set(lost):
        start = corner + number * slice_gap * directions[2]
        places = start + columns[..., None] * column_gap * directions[0] + rows[..., None] * row_gap * directions[1]
        said = {
            "RescaleSlope": 2, "RescaleIntercept": -1000, "PixelSpacing": [row_gap, column_gap],
            "ImageOrientationPatient": [*across, *down], "ImagePositionPatient": start.round(6).tolist(),
            "SliceThickness": 99, **elements,
        }  # fmt: skip
        # File names in no order: only the position tells.
        stored = ((values_at(places) + 1000) // 2).astype(np.uint16)
        saved(image(stored, **said), own / f"{number * 37 % 101:03d}.dcm")
    with (folder / "dicom" / "manifest.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([("path", "source", "source_path"), (f"dicom/{series}/000.dcm", "drawn", "one/body/0.dcm")])
    return folder


@pytest.fixture(scope="module", params=SCANS)
def scan(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Volume]:
    return request.param, volume_of(scanned(tmp_path_factory.mktemp("scan"), request.param))


@pytest.mark.parametrize("plane", PLANES)
def test_a_cut_is_upright_and_in_proportion_however_it_was_scanned(scan: tuple[str, Volume], plane: str) -> None:
    name, volume = scan
    axis = PLANES.index(plane)
    through_bone = round((BONE[axis] + FIELD / 2) / volume.spacing[axis])
    cut = plane_cut(volume, plane, through_bone)
    rows, columns = np.nonzero(cut > -475)
    down, across = {"sagittal": (2, 1), "coronal": (2, 0), "axial": (1, 0)}[plane]
    shape = (np.ptp(rows) + 1) / (np.ptp(columns) + 1)
    assert shape == pytest.approx(HALF[down] / HALF[across], rel=0.06)
    bone_rows, bone_columns = np.nonzero(cut > 600)
    pixel = min(spacing for other, spacing in enumerate(volume.spacing) if other != axis)
    # Towards the head is up, towards the back is down (axial) or right (sagittal), towards the left is right.
    expected = np.array([-BONE[2] if down == 2 else BONE[1], BONE[across]])
    middle = (np.array(cut.shape) - 1) / 2
    found = (np.array([bone_rows.mean(), bone_columns.mean()]) - middle) * pixel
    # A tilt of 10 degrees turns a place 28 mm off the middle by 5 mm.
    assert np.abs(found - expected).max() < (6.5 if name.startswith("tilted") else 2.5)


def test_pictures_are_named_and_prepared_as_serving_prepares_them(tmp_path: Path) -> None:
    folder = scanned(tmp_path, "sagittal")
    squares, pictures = cuts_read(folder, ["body_ct"], size=64, seed=1)
    assert squares.shape == (len(pictures), 64, 64)
    assert {p.plane for p in pictures} == set(PLANES)
    assert {(p.modality, p.region, p.group, p.source, p.split, p.finding, p.mask) for p in pictures} == {
        ("CT", "body", "drawn/one/body", "drawn", "train", "", "")
    }
    assert {p.collection for p in pictures} == {"body_ct"}
    assert len({p.path for p in pictures}) == len(pictures)
    assert {p.path.rsplit("-", 1)[1] for p in pictures} == {"lung", "soft", "bone"}
    at = next(number for number, p in enumerate(pictures) if p.path.endswith("soft") and p.plane == "axial")
    volume = volume_read(sorted((folder / "dicom" / "body_ct").iterdir()))
    values = plane_cut(volume, "axial", int(pictures[at].path.split("-")[1]))
    windowed = np.rint(np.clip((values + 160) / 400, 0, 1) * 255).astype(np.uint8)
    assert np.array_equal(squares[at], np.rint(fit_square(windowed, size=64)[0] * 255))


def test_the_choice_follows_the_seed_and_the_series_alone(tmp_path: Path) -> None:
    folder = scanned(tmp_path, "axial")
    (folder / "dicom" / "body_again").symlink_to(folder / "dicom" / "body_ct")
    with (folder / "dicom" / "manifest.csv").open("a", newline="") as file:
        file.write("dicom/body_again/000.dcm,drawn,one/body/0.dcm\n")
    chosen = [p.path for p in cuts_read(folder, ["body_ct"], size=16, seed=1)[1]]
    both = [p.path for p in cuts_read(folder, ["body_again", "body_ct"], size=16, seed=1)[1]]
    assert both[-len(chosen) :] == chosen
    assert [p.path for p in cuts_read(folder, ["body_ct"], size=16, seed=2)[1]] != chosen


def test_mr_is_windowed_by_its_own_percentiles_and_a_flat_block_gives_no_strips(tmp_path: Path) -> None:
    folder = scanned(tmp_path, "axial", series="body_mr", lost=(*range(15), *range(21, 36)), sop_class=MRImageStorage,
                     Modality="MR", RescaleSlope=1, RescaleIntercept=0)  # fmt: skip
    squares, pictures = cuts_read(folder, ["body_mr"], size=32, seed=0)
    assert {p.modality for p in pictures} == {"MR"}
    assert {p.plane for p in pictures} == {"axial"}
    assert {p.path.rsplit("-", 1)[1] for p in pictures} == {"wide", "narrow"}
    assert squares.max(axis=(1, 2)).min() > 200


def test_slices_are_taken_evenly_and_never_from_the_empty_ends() -> None:
    shares = np.concatenate([np.zeros(30), np.full(20, 0.1), np.full(100, 0.4), np.full(20, 0.03)])
    chosen = np.array(slices_chosen(shares, np.random.default_rng(0)))
    assert np.sum((chosen >= 50) & (chosen < 150)) == CUTS
    assert np.sum((chosen >= 30) & (chosen < 50)) == POOR_CUTS
    assert len(chosen) == CUTS + POOR_CUTS
    assert np.diff(chosen[POOR_CUTS:]).max() <= 5


def test_one_lost_slice_is_bridged_and_many_are_refused(tmp_path: Path) -> None:
    whole = volume_of(scanned(tmp_path / "whole", "axial"))
    bridged = volume_of(scanned(tmp_path / "one", "axial", lost=(18,)))
    assert bridged.values.shape == whole.values.shape
    assert np.allclose(bridged.values[..., 18], whole.values[..., [17, 19]].mean(-1), atol=0.01)
    assert np.allclose(bridged.values[..., 25], whole.values[..., 25], atol=0.01)
    with pytest.raises(ValueError, match="missing"):
        volume_of(scanned(tmp_path / "more", "axial", lost=(18, 19)))


def test_what_is_no_volume_is_refused(tmp_path: Path) -> None:
    oblique = Rotation.from_euler("x", 40, degrees=True)
    cosines = [*oblique.apply([1, 0, 0]), *oblique.apply([0, 1, 0])]
    with pytest.raises(ValueError, match="oblique"):
        volume_of(scanned(tmp_path / "oblique", "axial", ImageOrientationPatient=cosines))
    with pytest.raises(ValueError, match="missing or lie twice"):
        volume_of(scanned(tmp_path / "piled", "axial", ImagePositionPatient=[0, 0, 0]))
    with pytest.raises(ValueError, match="where it lies"):
        volume_of(scanned(tmp_path / "nowhere", "axial", ImagePositionPatient=None))
    with pytest.raises(ValueError, match="parallel"):
        volume_of(scanned(tmp_path / "single", "axial", lost=tuple(range(1, 36))))
    with pytest.raises(FileNotFoundError, match="elsewhere"):
        cuts_read(tmp_path / "single", ["elsewhere"], size=16, seed=0)


def test_no_series_gives_no_cuts(tmp_path: Path) -> None:
    squares, pictures = cuts_read(tmp_path, [], size=16, seed=0)
    assert squares.shape == (0, 16, 16)
    assert pictures == []


def volume_of(folder: Path) -> Volume:
    return volume_read(sorted((folder / "dicom" / "body_ct").iterdir()))
