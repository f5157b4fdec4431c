"""Close calls: answers so close to a decision boundary that quantisation to eight bits could change the decision.

Quantisation changes a network's output slightly. Far from every decision boundary, that changes nothing. If an answer
is closer to a boundary than the largest error of the quantised form on the validation split, the exact form is run.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, logit

from ml.cascade.weights import ModelRow

Outputs = Mapping[str, NDArray[np.float32]]
Rooms = NDArray[np.float64]
#: Least probability, which keeps log odds finite for probabilities of 0 and 1.
LEAST = 1e-9
#: Answers farther from a boundary than this (a factor of 7 in odds) say nothing about the error close to one.
NEAR = 2.0
#: The head whose answer determines which other heads apply; see `ModelRow.asked_of`.
MODALITY = "modality"


def rooms(row: ModelRow, outputs: Outputs) -> dict[str, Rooms]:
    """Return the margin of each image: its distance from the nearest boundary of each decision, in log odds.

    Parameters
    ----------
    row
        The model, with the temperatures and thresholds used in inference.
    outputs
        The outputs by name, for N images.

    Returns
    -------
    dict
        Head or label -> shape (N,), never negative.
    """
    if row.kind == "classify":
        return {head: _of_head(row, head, np.asarray(outputs[head], np.float64)) for head in row.labels}
    ((label, _),) = row.labels.items()
    border = logit(row.thresholds[label])
    if row.kind == "detect":
        return {label: np.abs(_odds(np.asarray(outputs["boxes"][:, 4].max(1), np.float64)) - border)}
    return {label: np.abs(np.asarray(outputs["mask"][:, 0].max((1, 2)), np.float64) - border)}


def close_calls(row: ModelRow, outputs: Outputs) -> NDArray[np.bool_]:
    """Return which images are closer to a decision boundary than the quantised form's error, shape (N,)."""
    near = {name: room < row.closeness.get(name, 0.0) for name, room in rooms(row, outputs).items()}
    if MODALITY in row.labels:
        modality = np.asarray(row.labels[MODALITY])[outputs[MODALITY].argmax(1)]
        near = {name: flags & _asked(row, name, modality) for name, flags in near.items()}
    return np.asarray(np.any(list(near.values()), axis=0), bool)


def closeness_measured(row: ModelRow, quick: Outputs, exact: Outputs) -> dict[str, float]:
    """Return the largest difference between two forms of a model near the boundary of each decision, rounded up.

    Parameters
    ----------
    quick, exact
        Outputs of both forms for the same images of the validation split.
    """
    before, now = rooms(row, exact), rooms(row, quick)
    return {name: _farthest_apart(before[name], now[name]) for name in before}


def _farthest_apart(before: Rooms, now: Rooms) -> float:
    apart = np.abs(before - now)[np.minimum(before, now) < NEAR]
    return float(np.ceil(apart.max(initial=0.0) * 1e3) / 1e3)


def _of_head(row: ModelRow, head: str, logits: Rooms) -> Rooms:
    calibrated = logits / row.temperature.get(head, 1.0)
    best = np.sort(calibrated, axis=1)
    odds = _odds(np.exp(log_softmax(calibrated, axis=1)))
    borders = [best[:, -1] - best[:, -2]]
    borders += [np.abs(odds - logit(row.thresholds[head])).min(1)] if row.thresholds.get(head) else []
    # A label with a threshold of its own is reported whenever it reaches that, even if it is not the most probable.
    borders += [
        np.abs(odds[:, number] - logit(row.thresholds[label]))
        for number, label in enumerate(row.labels[head])
        if label != head and row.thresholds.get(label)
    ]
    return np.asarray(np.minimum.reduce(borders), np.float64)


def _odds(probabilities: Rooms) -> Rooms:
    return np.asarray(logit(np.clip(probabilities, LEAST, 1 - LEAST)))


def _asked(row: ModelRow, name: str, modality: NDArray[np.str_]) -> NDArray[np.bool_]:
    wanted = row.asked_of.get(name)
    return np.ones(len(modality), bool) if wanted is None else np.isin(modality, wanted)
