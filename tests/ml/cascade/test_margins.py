"""A close call is asked of the exact form; what is clear is left to the quick one."""

import numpy as np
import pytest
from scipy.special import logit

from ml.cascade.margins import close_calls, closeness_measured, rooms
from ml.cascade.runtime import CarefulNetwork, OpenvinoNetwork, TorchNetwork
from ml.cascade.weights import ModelRow, manifest_read
from tests.ml.cascade.test_runtime import drawn_squares
from workers import configuration

WEIGHTS = configuration.weights_folder()
ROWS = manifest_read(WEIGHTS)
SORTER = ROWS["sorter"].model_copy(
    update={
        "labels": {"modality": ["CT", "MR"], "ct_region": ["head", "chest"]},
        "temperature": {"modality": 2.0},
        "thresholds": {"modality": 0.6},
        "closeness": {"modality": 0.3, "ct_region": 0.3},
        "asked_of": {"ct_region": ["CT"]},
    }
)
DETECTOR = ROWS["tumour-detector"].model_copy(update={"thresholds": {"tumour": 0.1}, "closeness": {"tumour": 0.5}})


def outputs(modality: list[list[float]], region: list[list[float]]) -> dict[str, np.ndarray]:
    return {"modality": np.array(modality, np.float32), "ct_region": np.array(region, np.float32)}


def test_the_nearest_border_of_a_question_is_that_of_two_labels_or_of_the_threshold() -> None:
    found = rooms(SORTER, outputs([[0.2, 0.0], [1.0, 0.0]], [[5, 0], [0, 4]]))
    # Of two labels the calibrated gap is the logarithm of the odds: 0.1 and 0.5, and 0.6 lies at 0.405.
    assert found["modality"] == pytest.approx([0.1, 0.5 - logit(0.6)], abs=1e-6)
    assert found["ct_region"] == pytest.approx([5, 4])


def test_a_label_that_is_a_finding_has_a_border_of_its_own() -> None:
    row = SORTER.model_copy(update={"thresholds": {"chest": 0.2}})
    found = rooms(row, outputs([[9, 0]], [[1.5, 0]]))
    assert found["ct_region"] == pytest.approx([abs(-1.5 - logit(0.2))], abs=1e-6)


def test_a_box_or_a_pixel_is_near_where_the_best_one_is_near_the_threshold() -> None:
    boxes = np.zeros((2, 5, 3), np.float32)
    boxes[:, 4] = [[0.01, 0.12, 0.02], [0.01, 0.9, 0.02]]
    assert close_calls(DETECTOR, {"boxes": boxes}).tolist() == [True, False]
    outline = DETECTOR.model_copy(update={"kind": "segment"})
    mask = np.full((2, 1, 4, 4), -9, np.float32)
    mask[:, 0, 1, 2] = [logit(0.1) - 0.4, 3]
    assert close_calls(outline, {"mask": mask}).tolist() == [True, False]


def test_a_question_that_is_not_asked_of_a_modality_makes_no_close_call() -> None:
    tied = outputs([[4, 0], [0, 4], [0.1, 0.2]], [[1, 1.1], [1, 1.1], [9, 0]])
    assert close_calls(SORTER, tied).tolist() == [True, False, True]


def test_how_far_off_a_form_is_counts_near_borders_only() -> None:
    exact = outputs([[3.0, 0.0], [40.0, 0.0]], [[1.0, 0.0], [1.0, 0.0]])
    quick = outputs([[2.8, 0.0], [30.0, 0.0]], [[0.75, 0.0], [1.0, 0.0]])
    measured = closeness_measured(SORTER, quick, exact)
    assert measured == pytest.approx({"modality": 0.1, "ct_region": 0.25}, abs=1.1e-3)


@pytest.mark.parametrize("row", [row for row in ROWS.values() if row.exact], ids=lambda row: row.name)
def test_what_is_served_is_the_exact_answer_where_it_is_close_and_the_quick_one_elsewhere(row: ModelRow) -> None:
    squares = drawn_squares(row.size, count=12)
    quick, exact = OpenvinoNetwork(row, WEIGHTS), OpenvinoNetwork(row, WEIGHTS, files=row.exact)
    answered, trained = quick.run(squares), TorchNetwork(row, WEIGHTS, device="cpu").run(squares)
    # As far from a border as the middle picture lies is a close call now, so that both kinds are there.
    halfway = {name: float(np.median(room)) for name, room in rooms(row, answered).items()}
    row = row.model_copy(update={"closeness": halfway})
    close = close_calls(row, answered)
    assert close.sum() > 0
    served = CarefulNetwork(row, WEIGHTS).run(squares)
    again = exact.run(squares[close])
    for name in row.outputs:
        np.testing.assert_array_equal(served[name][~close], answered[name][~close])
        np.testing.assert_allclose(served[name][close], again[name], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(again[name], trained[name][close], rtol=0.02, atol=0.05 * np.abs(again[name]).max())


def test_every_shipped_network_has_an_exact_form() -> None:
    assert {name for name, row in ROWS.items() if row.openvino and row.exact is None} == set()
