"""A shipped model's temperatures and thresholds, from its served form on the validation split."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.cascade.runtime import Network
from ml.lab.data import Picture, squares_read
from ml.lab.evaluate.inference import classes_answered, detections_answered, masks_answered
from ml.lab.evaluate.metrics import dice
from ml.lab.evaluate.thresholds import softmax, temperature_fitted, threshold_for_right, threshold_for_share
from ml.lab.train.config import Config
from ml.lab.train.detector import usable as detector_usable
from ml.lab.train.heads import UNKNOWN, Head, answers_outside, answers_table, teaching
from ml.lab.train.segmenter import squares_and_outlines
from ml.lab.train.segmenter import usable as segmenter_usable
from ml.lab.train.splits import seen
from ml.lab.train.synthetic_ood_set import outliers_drawn

OUTLIERS = 300
KEPT_IN_SCOPE = 0.99
RIGHT_WHEN_ANSWERED = 0.97
OWN_RULE = (
    f"A question's own threshold: the lowest top probability, not under 50%, at which {RIGHT_WHEN_ANSWERED:.0%} of "
    "the answered validation pictures are right; below it the answer is unsure."
)
EMPTY_KEPT_EMPTY = 0.8
SERIES_CLEAN = 0.995


def operating_points(config: Config, network: Network, folder: Path, pictures: list[Picture]) -> dict[str, Any]:
    """Choose a network's ``temperature``, ``thresholds`` and ``threshold_rule`` on the validation split.

    Parameters
    ----------
    network
        In the form that is judged or served; its row's own points are not read.
    """
    choose = {"classifier": _classifier, "segmenter": _segmenter, "detector": _detector}[config.task]
    return choose(config, network, folder, pictures)


def _classifier(config: Config, network: Network, folder: Path, pictures: list[Picture]) -> dict[str, Any]:
    judged = teaching(seen(pictures, config, "val"), config.heads)
    squares, _ = squares_read(folder, judged, size=config.size)
    truth = answers_table(judged, config.heads).numpy()
    drawn = any(not head.read for head in config.heads.values())
    if drawn:
        rng = np.random.default_rng(config.seed + 10_000)
        outside, _ = outliers_drawn(rng, count=OUTLIERS, side=config.size, medical=squares)
        squares = np.concatenate([squares, outside])
        truth = np.concatenate([truth, answers_outside(OUTLIERS, config.heads).numpy()])
    logits = classes_answered(network, squares)
    sensitivity = config.options.get("sensitivity", {})
    temperatures: dict[str, float] = {}
    thresholds: dict[str, float] = {}
    for column, (name, head) in enumerate(config.heads.items()):
        known = truth[:, column] != UNKNOWN
        temperatures[name] = temperature_fitted(logits[name][known], truth[known, column])
        probabilities = softmax(logits[name], temperatures[name])[known]
        thresholds |= _head_thresholds(name, head, probabilities, truth[known, column], sensitivity)
    return {"temperature": temperatures, "thresholds": thresholds, "threshold_rule": _rule(sensitivity, drawn=drawn)}


def _head_thresholds(
    name: str, head: Head, probabilities: NDArray[np.float64], truth: NDArray[np.intp], sensitivity: Mapping[str, float]
) -> dict[str, float]:
    """Threshold of a head, and of each of its labels for which a sensitivity is asked."""
    if not head.read:
        return {name: threshold_for_share(probabilities[truth == 0, 0], KEPT_IN_SCOPE)}
    top, right = probabilities.max(1), probabilities.argmax(1) == truth
    found = {name: threshold_for_right(top, right, share=RIGHT_WHEN_ANSWERED)}
    for label, share in sensitivity.items():
        if label in head.labels:
            at = head.labels.index(label)
            found[label] = threshold_for_share(probabilities[truth == at, at], share)
    return found


def _rule(sensitivity: Mapping[str, float], *, drawn: bool) -> str:
    parts = [OWN_RULE]
    if drawn:
        parts.append(
            f"Scope: the highest probability of 'medical' at which {KEPT_IN_SCOPE:.0%} of the medical validation "
            "pictures are kept."
        )
    parts += [
        f"{label}: the highest probability at which {share:.0%} of the validation pictures that show it pass."
        for label, share in sensitivity.items()
    ]
    return " ".join(parts)


def _detector(config: Config, network: Network, folder: Path, pictures: list[Picture]) -> dict[str, Any]:
    label = config.options["label"]
    judged = detector_usable(seen(pictures, config, "val"), label, "val")
    squares, _ = squares_read(folder, judged, size=config.size)
    best = np.array([a[4].max() for a in detections_answered(network, squares)], np.float64)
    shown = np.array([bool(p.boxes) for p in judged])
    share, empty = config.options["sensitivity"], int((~shown).sum())
    rule = (
        f"The highest probability at which {share:.0%} of the validation pictures with a {label} "
        f"(n = {int(shown.sum())}) show at least one box. In a series of many slices a suspicion must reach the "
        f"probability under which {SERIES_CLEAN:.1%} of the validation pictures without one (n = {empty}) "
        "stay: its slices multiply the false alarms."
    )
    least = threshold_for_share(best[shown], share)
    found: dict[str, Any] = {"temperature": {}, "thresholds": {label: least}, "threshold_rule": rule}
    if empty:
        clean = round(float(np.quantile(best[~shown], SERIES_CLEAN)), 5)
        found["series_thresholds"] = {label: max(least, clean)}
    return found


def _segmenter(config: Config, network: Network, folder: Path, pictures: list[Picture]) -> dict[str, Any]:
    judged = [p for p in seen(pictures, config, "val") if segmenter_usable(p)]
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
