"""Preparing a picture and bringing answers back must be each other's inverse."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.cascade.prepare import box_to_picture, fit_square, map_to_picture


def marked(rows: int, columns: int, box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    picture = np.full((rows, columns), 30, np.uint8)
    x0, y0, x1, y1 = box
    picture[y0:y1, x0:x1] = 220
    return picture


@pytest.mark.parametrize(("rows", "columns"), [(300, 200), (200, 300), (97, 301), (512, 512), (40, 25)])
def test_a_box_found_in_the_square_lies_where_it_was_drawn(rows: int, columns: int) -> None:
    drawn = (columns // 4, rows // 3, columns // 2, rows // 2)
    square, placement = fit_square(marked(rows, columns, drawn), size=256)
    down, across = np.nonzero(square > 0.5)
    found = (float(across.min()), float(down.min()), float(across.max() + 1), float(down.max() + 1))
    back = box_to_picture(found, placement)
    assert np.abs(np.subtract(back, drawn)).max() <= max(1.5, 1.5 / placement.scale)


@pytest.mark.parametrize(("rows", "columns"), [(300, 200), (200, 300), (128, 128)])
def test_a_map_comes_back_in_the_shape_and_place_of_the_picture(rows: int, columns: int) -> None:
    drawn = (columns // 4, rows // 3, columns // 2, rows // 2)
    picture = marked(rows, columns, drawn)
    square, placement = fit_square(picture, size=256)
    back = map_to_picture(square, placement)
    assert back.shape == picture.shape
    assert ((back > 0.5) != (picture > 100)).mean() < 0.02


def test_a_coarse_map_keeps_its_corner() -> None:
    _, placement = fit_square(marked(100, 200, (0, 0, 10, 10)), size=128)
    coarse = np.zeros((8, 8), np.float32)
    coarse[2:4, 0:2] = 1  # the upper left of what the picture covers (rows 2 to 5 of 8)
    back = map_to_picture(coarse, placement)
    assert back[:40, :40].mean() > 0.8
    assert back[60:, 100:].max() < 0.01


def test_boxes_are_clipped_to_the_picture() -> None:
    _, placement = fit_square(marked(50, 100, (0, 0, 9, 9)), size=64)
    assert box_to_picture((-20, -20, 200, 200), placement) == (0, 0, 100, 50)


def test_the_stretch_ignores_a_few_extreme_pixels() -> None:
    picture = np.tile(np.arange(100, 150, dtype=np.uint8), (50, 1))
    picture[0, :5], picture[1, :5] = 0, 255
    square, _ = fit_square(picture, size=50)
    assert square.min() == 0
    assert square.max() == 1
    assert 0.4 < square[25, 25] < 0.6


def test_one_grey_becomes_black_and_the_border_is_black() -> None:
    flat, _ = fit_square(np.full((20, 40), 200, np.uint8), size=32)
    assert not flat.any()
    square, placement = fit_square(marked(20, 40, (0, 0, 40, 10)), size=32)
    assert placement.top == 8
    assert not square[:8].any()


@pytest.mark.parametrize(
    "picture", [np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.float32), np.zeros((0, 4), np.uint8)]
)
def test_other_arrays_are_refused(picture: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="grey 8-bit"):
        fit_square(picture, size=8)


def test_a_line_one_pixel_high_can_be_fitted() -> None:
    square, placement = fit_square(np.arange(200, dtype=np.uint8)[None], size=64)
    assert square.shape == (64, 64)
    assert map_to_picture(square, placement).shape == (1, 200)
