"""Estimators against truths that are known because they were made: does a 95% interval cover in 95%?"""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import (
    average_precision_score,
    cohen_kappa_score,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
)

from ml.lab.evaluate.calibration import brier_figure, calibration_error, calibration_figure, error_by_chance
from ml.lab.evaluate.classes import class_figures, kappa_figure, macro_figure, precision_recall_line, roc_line
from ml.lab.evaluate.delong import auc_measured
from ml.lab.evaluate.detections import OVERLAPS, average_precision, ranked
from ml.lab.evaluate.figures import auc_figure, macro_auc_figure, mean_figure, share_figure
from ml.lab.evaluate.intervals import grouped_interval, share_interval, wilson_interval
from ml.lab.evaluate.outlines import four_numbers
from ml.lab.evaluate.thresholds import softmax

Drawn = Callable[[np.random.Generator], tuple[float, float]]


def covered(truth: float, sample: Drawn, *, times: int) -> float:
    """Share of samples whose interval holds the truth."""
    rng = np.random.default_rng(20)
    held = [low <= truth <= high for low, high in (sample(rng) for _ in range(times))]
    return float(np.mean(held))


def patients(rng: np.random.Generator, count: int, most: int) -> np.ndarray:
    """Number of the patient of each picture, from 1 to `most` pictures each."""
    return np.repeat(np.arange(count), rng.integers(1, most + 1, count))


def test_wilson_covers() -> None:
    share = covered(0.85, lambda rng: wilson_interval(int(rng.binomial(120, 0.85)), 120), times=4000)
    assert 0.93 <= share <= 0.97


def test_the_share_of_correlated_groups_covers_where_wilson_over_pictures_does_not() -> None:
    def drawn(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        owners = patients(rng, 100, 7)
        skill = rng.beta(0.85, 0.15, 100)  # intraclass correlation 0.5
        return rng.random(len(owners)) < skill[owners], owners

    def grouped(rng: np.random.Generator) -> tuple[float, float]:
        right, owners = drawn(rng)
        return share_interval(right, owners.astype(str).tolist())

    def ungrouped(rng: np.random.Generator) -> tuple[float, float]:
        right, _ = drawn(rng)
        return wilson_interval(int(right.sum()), len(right))

    assert 0.93 <= covered(0.85, grouped, times=1000) <= 0.97
    assert covered(0.85, ungrouped, times=1000) < 0.85


@pytest.mark.parametrize(("area", "positives", "others"), [(0.85, 60, 120), (0.95, 40, 100)])
def test_delong_covers(area: float, positives: int, others: int) -> None:
    apart = norm.ppf(area) * np.sqrt(2)  # the binormal model's area is known
    positive = np.arange(positives + others) < positives
    alone = [str(i) for i in range(positives + others)]

    def sample(rng: np.random.Generator) -> tuple[float, float]:
        return auc_measured(rng.normal(apart * positive, 1), positive, alone)[1]

    assert 0.93 <= covered(area, sample, times=1000) <= 0.97


def test_delong_over_correlated_groups_covers_where_pictures_alone_do_not() -> None:
    apart = norm.ppf(0.85) * np.sqrt(2)

    def drawn(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        owners = np.repeat(np.arange(60), 4)
        positive = owners % 2 == 0
        noise = (rng.normal(size=60)[owners] + rng.normal(size=240)) / np.sqrt(2)
        return noise + apart * positive, positive, owners

    def grouped(rng: np.random.Generator) -> tuple[float, float]:
        scores, positive, owners = drawn(rng)
        return auc_measured(scores, positive, owners.astype(str).tolist())[1]

    def alone(rng: np.random.Generator) -> tuple[float, float]:
        scores, positive, _ = drawn(rng)
        return auc_measured(scores, positive, [str(i) for i in range(240)])[1]

    assert 0.93 <= covered(0.85, grouped, times=800) <= 0.97
    assert covered(0.85, alone, times=800) < 0.9


@pytest.mark.parametrize("area", [0.85, 0.97, 0.995])
def test_the_mean_area_over_classes_covers_with_a_rare_class_and_near_one(area: float) -> None:
    truth = np.repeat([0, 1, 2], [60, 50, 10])
    alone = [str(i) for i in range(120)]
    widths = []

    def sample(rng: np.random.Generator) -> tuple[float, float]:
        # Each class's score tells it from both others alike, so that every area, and their mean, is known.
        scores = rng.normal(size=(120, 3)) + norm.ppf(area) * np.sqrt(2) * np.eye(3)[truth]
        figure = macro_auc_figure(scores, truth, alone)
        widths.append(figure.high - figure.low)
        return figure.low, figure.high

    assert 0.93 <= covered(area, sample, times=400) <= 0.97
    assert max(widths) < 0.5  # an interval that holds everything covers too


@pytest.mark.parametrize("count", [10, 40])
def test_the_grouped_bootstrap_of_a_mean_covers_even_with_few_groups(count: int) -> None:
    def sample(rng: np.random.Generator) -> tuple[float, float]:
        owners = patients(rng, count, 9)
        values = rng.normal(size=count)[owners] + rng.normal(size=len(owners))
        figure = mean_figure(values, owners.astype(str).tolist())
        return figure.low, figure.high

    assert 0.93 <= covered(0.0, sample, times=500) <= 0.97


def test_both_bootstraps_agree() -> None:
    rng = np.random.default_rng(4)
    owners = patients(rng, 30, 5)
    values, groups = rng.random(len(owners)), owners.astype(str).tolist()
    slow = grouped_interval(groups, lambda drawn: float(values[drawn].mean()))
    figure = mean_figure(values, groups)
    assert slow == pytest.approx((figure.low, figure.high))


def test_from_one_group_no_interval_of_a_mean_is_claimed() -> None:
    figure = mean_figure(np.array([0.2, 0.4, 0.6]), ["same"] * 3)
    assert np.isnan([figure.low, figure.high]).all()


def test_hundred_percent_of_one_patient_is_one_success() -> None:
    figure = share_figure(np.ones(40, bool), ["same"] * 40)
    assert (figure.low, figure.high) == wilson_interval(1, 1)


def test_areas_and_lines_match_scikit_learn() -> None:
    rng = np.random.default_rng(5)
    positive = rng.random(200) < 0.4
    scores = np.round(rng.normal(positive * 1.0, 1), 1)  # with ties
    alone = [str(i) for i in range(200)]
    figure = auc_figure(scores, positive, alone)
    assert figure.value == pytest.approx(roc_auc_score(positive, scores))
    assert figure.low < figure.value < figure.high
    across, up = np.array(roc_line(scores, positive)).T
    assert np.trapezoid(up, across) == pytest.approx(figure.value, abs=0.01)
    recall, precision = np.array(precision_recall_line(scores, positive)).T
    assert np.trapezoid(precision, recall) == pytest.approx(average_precision_score(positive, scores), abs=0.02)


def test_many_classes_match_scikit_learn() -> None:
    rng = np.random.default_rng(6)
    truth = rng.integers(0, 3, 300)
    logits = rng.normal(size=(300, 4)) + 2 * np.eye(4)[truth]  # the fourth class is never true
    probabilities, said = softmax(logits), logits.argmax(1)
    alone = [str(i) for i in range(300)]
    single = [roc_auc_score(truth == c, probabilities[:, c]) for c in range(3)]
    assert macro_auc_figure(probabilities, truth, alone).value == pytest.approx(np.mean(single))
    options = {"labels": [0, 1, 2], "average": "macro", "zero_division": 0}
    for name, theirs in (("recall", recall_score), ("precision", precision_score), ("F1", f1_score)):
        figure = macro_figure(name, truth, said, 4, alone)
        assert figure.value == pytest.approx(theirs(truth, said, **options))
        assert figure.low < figure.value < figure.high
    kappa = kappa_figure(truth, said, 4, alone)
    assert kappa.value == pytest.approx(cohen_kappa_score(truth, said, weights="quadratic"))
    one = class_figures(1, truth, said, 4, alone)
    assert one["precision"].value == pytest.approx(precision_score(truth, said, labels=[1], average=None)[0])
    assert one["F1"].value == pytest.approx(f1_score(truth, said, labels=[1], average=None)[0])


def test_macro_figures_of_right_answers_claim_no_certainty() -> None:
    truth, alone = np.repeat([0, 1], 15), [str(i) for i in range(30)]
    figure = macro_figure("F1", truth, truth, 2, alone)
    assert figure.value == 1
    assert figure.low == pytest.approx(wilson_interval(30, 30)[0])


def test_areas_of_too_few_kinds_are_not_known() -> None:
    figure = auc_figure(np.array([0.1, 0.9]), np.array([True, True]), ["a", "b"])
    assert np.isnan([figure.value, figure.low, figure.high]).all()
    perfect = auc_figure(np.arange(40.0), np.arange(40) >= 20, [str(i) for i in range(40)])
    assert perfect.value == perfect.high == 1
    assert 0.8 < perfect.low < 0.9


def test_a_calibrated_network_has_hardly_any_calibration_error_and_a_boastful_one_has() -> None:
    rng = np.random.default_rng(7)
    sure = rng.uniform(0.5, 1, 60_000)
    right = rng.random(60_000) < sure
    assert calibration_error(sure, right) < 0.01
    assert calibration_error(sure, rng.random(60_000) < sure - 0.2) == pytest.approx(0.2, abs=0.01)
    few = slice(0, 150)
    assert calibration_error(sure[few], right[few]) == pytest.approx(error_by_chance(sure[few]), abs=0.04)
    figure = calibration_figure(sure[few], right[few], [str(i) for i in range(150)])
    assert figure.low <= figure.value <= figure.high


def test_brier_score_of_answers_worked_out_by_hand() -> None:
    probabilities = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    figure = brier_figure(probabilities, np.array([0, 0, 0]), ["a", "b", "c"])
    assert figure.value == pytest.approx((0 + 0.5 + 2) / 3)


def test_precision_over_overlaps_and_the_froc_line_worked_out_by_hand() -> None:
    # Two pictures, one drawn box each. A box at overlap 0.8 first, then a false one, then an exact one.
    truth = [np.array([[0.0, 0, 10, 10]]), np.array([[0.0, 0, 10, 10]])]
    found = [np.array([[0, 0, 10, 8, 0.9], [50, 50, 60, 60, 0.8]]), np.array([[0, 0, 10, 10, 0.7]])]
    assert average_precision(found, truth) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    # At overlaps of 0.5 to 0.8 (seven) both hit; above, only the third box does: one of three is right, half is found.
    over = [average_precision(found, truth, overlap=overlap) for overlap in OVERLAPS]
    assert np.mean(over) == pytest.approx((7 * (5 / 6) + 3 * (1 / 6)) / 10)
    ranking = ranked(found, truth)
    false, hit = ranking.froc()
    assert false.tolist() == [0, 0, 0.5, 0.5]
    assert hit.tolist() == [0, 0.5, 0.5, 1]
    assert (ranking.sensitivity_at(0.25), ranking.sensitivity_at(0.5)) == (0.5, 1.0)
    # A bootstrap sample with the second picture twice and the first left out.
    twice = average_precision([found[1], found[1]], [truth[1], truth[1]])
    assert ranking.precision(np.array([0, 2])) == pytest.approx(twice)


def test_four_numbers_of_outlines_worked_out_by_hand() -> None:
    truth = np.zeros((4, 4, 4), bool)
    said = truth.copy()
    truth[0, :2], said[0, 1:3] = True, True  # Dice 1/2, overlap 1/3
    truth[1, 0, 0] = said[1, 0, 0] = True  # both 1
    said[2, 3, 3] = True  # false; the fourth picture is rightly left empty
    numbers = four_numbers(said, truth, ["a", "b", "c", "d"])
    assert numbers.dice.value == pytest.approx(0.75)
    assert numbers.overlap.value == pytest.approx(2 / 3)
    assert (numbers.false.value, numbers.false.n) == (0.5, 2)
    assert numbers.naive.value == pytest.approx((1 / 3 + 1 + 0 + 1) / 4)
