"""A shipped model's temperatures and thresholds, from its served form on the validation split."""

from pathlib import Path
from typing import Any

import numpy as np

from ml.data import Picture, in_split, squares_read
from ml.evaluate.answers import classes_answered, detections_answered, masks_answered
from ml.evaluate.metrics import dice
from ml.evaluate.operating import softmax, temperature_fitted, threshold_for_right, threshold_for_share
from ml.runtime import Network, OpenvinoNetwork
from ml.train.config import Config
from ml.train.detector import usable as detector_usable
from ml.train.outliers import outliers_drawn
from ml.train.segmenter import squares_and_outlines
from ml.train.segmenter import usable as segmenter_usable
from ml.train.sorter import LABELS, UNKNOWN, answers_outside, answers_table
from ml.weights import ModelRow

KEPT_IN_SCOPE = 0.99
RIGHT_WHEN_ANSWERED = 0.97
EMPTY_KEPT_EMPTY = 0.8


def operating_points(
    config: Config, row: dict[str, Any], weights: Path, folder: Path, pictures: list[Picture]
) -> dict[str, Any]:
    """Return the row's ``temperature``, ``thresholds`` and ``threshold_rule``."""
    network = OpenvinoNetwork(ModelRow.model_validate(row), weights)
    if config.task == "sorter":
        return _sorter(config, network, folder, pictures)
    if config.task == "segmenter":
        return _segmenter(config, network, folder, pictures)
    return _detector(config, network, folder, pictures)


def _sorter(config: Config, network: Network, folder: Path, pictures: list[Picture]) -> dict[str, Any]:
    judged = in_split(pictures, "val")
    squares, _ = squares_read(folder, judged, size=config.size)
    rng = np.random.default_rng(config.seed + 10_000)
    outside, _ = outliers_drawn(rng, count=300, side=config.size, medical=squares)
    truth = np.concatenate([answers_table(judged).numpy(), answers_outside(300).numpy()])
    logits = classes_answered(network, np.concatenate([squares, outside]))
    temperatures, thresholds = {}, {}
    for column, head in enumerate(LABELS):
        known = truth[:, column] != UNKNOWN
        temperatures[head] = temperature_fitted(logits[head][known], truth[known, column])
        probabilities = softmax(logits[head], temperatures[head])
        if head == "scope":
            medical = probabilities[: len(judged), 0]
            thresholds[head] = threshold_for_share(medical, KEPT_IN_SCOPE)
        else:
            top, right = probabilities[known].max(1), probabilities[known].argmax(1) == truth[known, column]
            thresholds[head] = threshold_for_right(top, right, share=RIGHT_WHEN_ANSWERED)
    rule = (
        f"scope: the highest probability of 'medical' at which {KEPT_IN_SCOPE:.0%} of the medical "
        f"validation pictures are kept. Other heads: the lowest top probability, not under 50%, at which "
        f"{RIGHT_WHEN_ANSWERED:.0%} of the answered validation pictures are right; below it the answer is unsure."
    )
    return {"temperature": temperatures, "thresholds": thresholds, "threshold_rule": rule}


def _detector(config: Config, network: Network, folder: Path, pictures: list[Picture]) -> dict[str, Any]:
    label = config.options["label"]
    judged = [p for p in detector_usable(pictures, label, "val") if p.boxes]
    squares, _ = squares_read(folder, judged, size=config.size)
    best = np.array([a[4].max() for a in detections_answered(network, squares)], np.float64)
    share = config.options["sensitivity"]
    rule = (
        f"The highest probability at which {share:.0%} of the validation pictures with a {label} "
        f"(n = {len(judged)}) show at least one box."
    )
    thresholds = {label: threshold_for_share(best, share)}
    return {"temperature": {}, "thresholds": thresholds, "threshold_rule": rule}


def _segmenter(config: Config, network: Network, folder: Path, pictures: list[Picture]) -> dict[str, Any]:
    judged = [p for p in in_split(pictures, "val") if segmenter_usable(p)]
    squares, outlines = squares_and_outlines(folder, judged, config.size)
    said = masks_answered(network, squares)
    drawn = outlines.any((1, 2))
    best, chosen = -1.0, 0.5
    for threshold in np.arange(0.3, 0.91, 0.05):
        masks = said >= threshold
        clean = (~masks[~drawn].any((1, 2))).mean()
        fit = np.mean([dice(m, o) for m, o in zip(masks[drawn], outlines[drawn], strict=True)])
        if clean >= EMPTY_KEPT_EMPTY and fit > best:
            best, chosen = float(fit), float(round(threshold, 2))
    rule = (
        "The pixel probability, of 0.30 to 0.90, with the best mean Dice on validation pictures with "
        f"a tumour, among those that leave {EMPTY_KEPT_EMPTY:.0%} of the pictures without one empty "
        "(0.50 where none does)."
    )
    return {"temperature": {}, "thresholds": {"tumour": chosen}, "threshold_rule": rule}
