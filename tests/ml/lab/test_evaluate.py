"""Figures against truths that can be worked out by hand."""

import math
from pathlib import Path

import numpy as np
import pytest

from ml.lab.evaluate.metrics import (
    Figure,
    average_precision,
    boxes_kept,
    confusion,
    dice,
    grouped_interval,
    hits_of,
    intersection_over_union,
    overlap_matrix,
    share_figure,
    wilson_interval,
)
from ml.lab.evaluate.report import BEGIN, END, Report, card_filled, headline_rows
from ml.lab.evaluate.thresholds import softmax, temperature_fitted, threshold_for_right, threshold_for_share


def test_wilson_intervals_match_published_values() -> None:
    # Newcombe 1998, table I: 81 of 263, and 0 of 20.
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson_interval(0, 20) == pytest.approx((0, 0.1611), abs=5e-5)
    assert wilson_interval(0, 0) == (0, 1)


def test_the_interval_over_groups_is_wider_where_groups_fall_together() -> None:
    right = np.repeat(np.arange(20) % 4 > 0, 10)
    patients = [str(i // 10) for i in range(200)]
    alone = [str(i) for i in range(200)]

    def mean(drawn: np.ndarray) -> float:
        return float(right[drawn].mean())

    together, apart = grouped_interval(patients, mean), grouped_interval(alone, mean)
    assert together[1] - together[0] > 2 * (apart[1] - apart[0])


def test_a_share_states_its_n_and_never_claims_certainty() -> None:
    figure = share_figure(np.ones(30, bool), [str(i) for i in range(30)])
    assert (figure.value, figure.n, figure.high) == (1, 30, 1)
    assert figure.low == pytest.approx(0.8865, abs=1e-3)


def test_confusion_has_the_truth_in_rows() -> None:
    table = confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
    assert table.tolist() == [[1, 1], [0, 1]]


def test_overlap_of_known_boxes() -> None:
    first = np.array([[0.0, 0, 10, 10]])
    second = np.array([[0.0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30]])
    assert overlap_matrix(first, second)[0] == pytest.approx([1, 1 / 3, 0])


def test_doubles_are_dropped_and_unlikely_boxes_too() -> None:
    answer = np.array([[5, 5.5, 30, 5], [5, 5, 30, 5], [10, 10, 4, 10], [10, 10, 4, 10], [0.9, 0.8, 0.3, 0.01]])
    kept = boxes_kept(answer.astype(np.float32), least=0.05)
    assert kept[:, 4] == pytest.approx([0.9, 0.3])
    assert kept[1, :4] == pytest.approx([28, 28, 32, 32])


def test_a_drawn_box_is_hit_only_once() -> None:
    found = np.array([[0, 0, 10, 10, 0.9], [0, 0, 10, 9, 0.8]])
    assert hits_of(found, np.array([[0.0, 0, 10, 10]])).tolist() == [True, False]
    assert not hits_of(found, np.zeros((0, 4))).any()


def test_average_precision_of_a_ranking_worked_out_by_hand() -> None:
    box, elsewhere = [0.0, 0, 10, 10], [50.0, 50, 60, 60]
    found = [np.array([[*box, 0.9]]), np.array([[*elsewhere, 0.8], [*box, 0.7]]), np.zeros((0, 5))]
    truth = [np.array([box]), np.array([box]), np.array([box])]
    # Hit, miss, hit of three drawn: precision 1 up to recall 1/3, then 2/3 up to 2/3.
    assert average_precision(found, truth) == pytest.approx(1 / 3 + 2 / 9)
    assert math.isnan(average_precision([np.zeros((0, 5))], [np.zeros((0, 4))]))


def test_dice_and_overlap_of_masks() -> None:
    first, second = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    assert dice(first, second) == intersection_over_union(first, second) == 1
    first[:2], second[1:3] = True, True
    assert dice(first, second) == pytest.approx(0.5)
    assert intersection_over_union(first, second) == pytest.approx(1 / 3)


def test_the_temperature_of_boastful_logits_is_found() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (4000, 3))
    truth = np.array([rng.choice(3, p=p) for p in softmax(logits)])
    assert temperature_fitted(logits * 3, truth) == pytest.approx(3, rel=0.1)
    assert temperature_fitted(logits / 2, truth) == 1


def test_the_threshold_lets_the_stated_share_pass() -> None:
    scores = np.random.default_rng(1).random(1000)
    threshold = threshold_for_share(scores, 0.95)
    assert (scores >= threshold).mean() >= 0.95
    assert (scores >= threshold + 2e-3).mean() < 0.95


def test_the_threshold_for_right_answers_is_the_lowest_that_keeps_the_promise() -> None:
    top = np.linspace(0.5, 1.0, 501)
    right = top >= 0.6  # everything under 0.6 is wrong
    assert threshold_for_right(top, right, share=1.0) == pytest.approx(0.6)
    assert threshold_for_right(top, right, share=0.8) == pytest.approx(0.5)
    assert threshold_for_right(top, right & (top < 0.9), share=1.0) < 0.9


def test_figures_go_into_the_card_and_words_stay(tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    card.write_text(f"# Words\n{BEGIN}\nold\n{END}\nmore words\n")
    report = Report()
    report.table("Right", "All.").figures["brain"] = Figure(0.914, 35, 0.776, 0.97)
    report.headline["accuracy"] = Figure(0.91429, 35, 0.7762, 0.9704)
    card_filled(card, report)
    text = card.read_text()
    assert "| brain | 91.4% | 77.6% to 97.0% | 35 |" in text
    assert text.startswith("# Words")
    assert text.endswith("more words\n")
    assert "old" not in text
    assert headline_rows(report)["accuracy"] == {"value": 0.9143, "n": 35, "low": 0.7762, "high": 0.9704}
