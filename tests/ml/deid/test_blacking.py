"""Regions are blacked out to the pixel, and every other pixel stays as it is."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence

from ml.dicomio.errors import Refused
from tests.phantoms import dicom

Left = Callable[..., FileDataset]
NAME = (slice(0, 10), slice(5, 40))
RECTANGLE = {"left": 5, "top": 0, "right": 40, "bottom": 10}


def written(*shape: int, kind: type = np.uint8) -> NDArray[Any]:
    """Return pixels none of which is 0, with a name written in bright letters."""
    pixels: NDArray[Any] = np.random.default_rng(7).integers(1, 120, shape).astype(kind)
    pixels[(..., *NAME) if len(shape) < 4 else (slice(None), *NAME)] = 127
    return pixels


def expected(pixels: NDArray[Any], where: tuple[slice, slice]) -> NDArray[Any]:
    """Return the same pixels with a region of 0."""
    black = pixels.copy()
    black[(..., *where) if black.ndim < 3 or black.shape[-1] != 3 else (..., *where, slice(None))] = 0
    return black


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int16])
@pytest.mark.parametrize("shape", [(64, 80), (3, 64, 80)])
def test_a_rectangle_is_black_and_all_else_is_as_it_was(left: Left, shape: tuple[int, ...], kind: type) -> None:
    pixels = written(*shape, kind=kind)
    done = left(dicom.image(pixels, BurnedInAnnotation="YES"), pixels=True, rectangles=[RECTANGLE])
    assert np.array_equal(done.pixel_array, expected(pixels, NAME))
    assert done.BurnedInAnnotation == "NO"
    assert "113101" in [code.CodeValue for code in done.DeidentificationMethodCodeSequence]


@pytest.mark.parametrize("planar", [0, 1])
def test_colours(left: Left, planar: int) -> None:
    pixels = written(64, 80, 3)
    ds = dicom.image(pixels, BurnedInAnnotation="YES", PlanarConfiguration=planar)
    ds.PixelData = (pixels if planar == 0 else np.moveaxis(pixels, -1, 0)).tobytes()
    done = left(ds, pixels=True, rectangles=[RECTANGLE])
    assert np.array_equal(done.pixel_array, expected(pixels, NAME))


def test_ultrasound_keeps_its_regions_and_nothing_outside(left: Left) -> None:
    region = Dataset()
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 10, 12
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = 69, 60
    pixels = written(64, 80)
    ds = dicom.image(pixels, Modality="US", SequenceOfUltrasoundRegions=Sequence([region]))
    inside = np.zeros_like(pixels)
    inside[12:61, 10:70] = pixels[12:61, 10:70]
    assert np.array_equal(left(ds, pixels=True).pixel_array, inside)
    with pytest.raises(Refused, match="on their margin"):
        left(ds)


def test_a_rectangle_for_one_size_is_for_all_images_of_that_size_alone(left: Left) -> None:
    pixels = written(64, 80)
    sized = {**RECTANGLE, "columns": 80, "rows": 64}
    assert np.array_equal(
        left(dicom.image(pixels), pixels=True, rectangles=[sized]).pixel_array, expected(pixels, NAME)
    )
    other = {**sized, "columns": 81}
    assert np.array_equal(left(dicom.image(pixels), pixels=True, rectangles=[other]).pixel_array, pixels)
    assert np.array_equal(left(dicom.image(pixels), pixels=True, rectangles=[RECTANGLE]).pixel_array, pixels)
    with pytest.raises(Refused, match="no region to black out"):
        left(dicom.image(pixels, BurnedInAnnotation="YES"), pixels=True, rectangles=[other])


def test_a_rectangle_over_the_edge_ends_there(left: Left) -> None:
    pixels = written(64, 80)
    wide = {"left": 70, "top": 60, "right": 4000, "bottom": 4000}
    done = left(dicom.image(pixels, BurnedInAnnotation="YES"), pixels=True, rectangles=[wide])
    assert np.array_equal(done.pixel_array, expected(pixels, (slice(60, 64), slice(70, 80))))
