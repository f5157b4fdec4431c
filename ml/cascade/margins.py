"""Close calls: answers so near to a decision that eight bits could have tipped them.

Quantisation moves what a network answers a little. Where an answer lies far from every border that decides something,
the move changes nothing; where it lies nearer than the quantised form was ever off on the validation split, the exact
form is asked.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, logit

from ml.cascade.weights import ModelRow

Outputs = Mapping[str, NDArray[np.float32]]
Rooms = NDArray[np.float64]
#: Keeps a probability of exactly 0 or 1 finite on the scale of the logarithm of the odds.
LEAST = 1e-9
#: Answers farther from a border than this (odds of 7 to 1 beside it) do not tell how far off a form is near one.
NEAR = 2.0
#: The head whose answer says which other heads have a say; see `ModelRow.asked_of`.
MODALITY = "modality"


def rooms(row: ModelRow, outputs: Outputs) -> dict[str, Rooms]:
    """How far each picture lies from the nearest border of each decision, in logarithms of odds.

    Parameters
    ----------
    row
        With the temperatures and thresholds that the model is served with.
    outputs
        By name, for N pictures.

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
    """Which pictures lie nearer to a border of a decision than the quick form may be off, shape (N,)."""
    near = {name: room < row.closeness.get(name, 0.0) for name, room in rooms(row, outputs).items()}
    if MODALITY in row.labels:
        modality = np.asarray(row.labels[MODALITY])[outputs[MODALITY].argmax(1)]
        near = {name: flags & _asked(row, name, modality) for name, flags in near.items()}
    return np.asarray(np.any(list(near.values()), axis=0), bool)


def closeness_measured(row: ModelRow, quick: Outputs, exact: Outputs) -> dict[str, float]:
    """How far apart two forms of a model lie at most where it matters, decision by decision, rounded up.

    Parameters
    ----------
    quick, exact
        Outputs of both for the same pictures, of the validation split.
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
    # A label of its own threshold is a finding wherever it reaches that, likeliest or not.
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
