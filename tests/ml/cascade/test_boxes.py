"""Boxes: overlap and suppression against arithmetic done by hand."""

import numpy as np
import pytest

from ml.cascade.boxes import Box, area, best_boxes, iou, score_map


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((0, 0, 10, 10), (0, 0, 10, 10), 1.0),
        ((0, 0, 10, 10), (5, 0, 15, 10), 50 / 150),
        ((0, 0, 10, 10), (10, 0, 20, 10), 0.0),
        ((0, 0, 10, 10), (2, 2, 4, 4), 4 / 100),
    ],
)
def test_overlap_is_shared_area_over_joint_area(one: Box, other: Box, expected: float) -> None:
    assert iou(one, other) == pytest.approx(expected)
    assert iou(other, one) == pytest.approx(expected)


def test_a_box_turned_inside_out_has_no_area() -> None:
    assert area((10, 10, 0, 20)) == 0


def test_of_boxes_that_say_the_same_the_most_probable_stays() -> None:
    #                   one lesion, twice   another   too faint
    centres_x = [50.0, 52.0, 120.0, 20.0]
    answer = np.array([centres_x, [50.0, 50.0, 50.0, 20.0], [20.0] * 4, [20.0] * 4, [0.7, 0.9, 0.6, 0.2]], np.float32)

    kept = best_boxes(answer, threshold=0.5)

    assert [round(probability, 1) for _, probability in kept] == [0.9, 0.6]
    assert kept[0][0] == pytest.approx((42, 40, 62, 60))


def test_score_map_is_brightest_where_the_best_box_is_centred() -> None:
    answer = np.array([[10.0, 200.0], [250.0, 30.0], [9.0, 9.0], [9.0, 9.0], [0.2, 0.8]], np.float32)

    spread = score_map(answer, size=256, cells=32)

    row, column = np.unravel_index(spread.argmax(), spread.shape)
    assert (int(row), int(column)) == (30 // 8, 200 // 8)
    assert spread[250 // 8, 10 // 8] == pytest.approx(0.2)
