"""Operating points, chosen on the validation split: temperatures and thresholds."""

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]


def softmax(logits: Scores, temperature: float = 1.0) -> Scores:
    """Probabilities over the last axis."""
    shifted = logits / temperature
    powers = np.exp(shifted - shifted.max(-1, keepdims=True))
    result: Scores = powers / powers.sum(-1, keepdims=True)
    return result


def temperature_fitted(logits: Scores, truth: NDArray[np.intp]) -> float:
    """Temperature that makes the true labels likeliest (Guo et al. 2017), from 1 to 4.

    Never below one: pictures of the same sources make a network look surer than it should be elsewhere.

    Parameters
    ----------
    logits
        Shape (N, C).
    truth
        Shape (N,), label numbers.
    """
    if len(truth) == 0:
        return 1.0
    candidates = np.exp(np.linspace(0.0, np.log(4.0), 61))
    rows = np.arange(len(truth))
    surprise = [-np.log(softmax(logits, t)[rows, truth] + 1e-12).mean() for t in candidates]
    return round(float(candidates[int(np.argmin(surprise))]), 3)


def threshold_for_share(scores: Scores, share: float) -> float:
    """Highest threshold at which at least `share` of the scores pass (score >= threshold)."""
    ordered = np.sort(scores)[::-1]
    passing = max(1, int(np.ceil(share * len(ordered) - 1e-9)))
    # Rounded down, so that a threshold written with five digits still lets the last one pass.
    return float(np.floor(ordered[passing - 1] * 1e5) / 1e5)


def threshold_for_right(top: Scores, right: NDArray[np.bool_], *, share: float, floor: float = 0.5) -> float:
    """Lowest threshold, not under `floor`, at which at least `share` of the answers that pass are right.

    Parameters
    ----------
    top
        Probability of the likeliest label, shape (N,).
    right
        Whether that label is the true one, shape (N,).

    Returns
    -------
    float
        The threshold with the largest right share where none reaches `share`.
    """
    best, chosen = -1.0, floor
    for threshold in np.arange(floor, 1.0, 0.01):
        passing = top >= threshold
        if not passing.any():
            break
        found = float(right[passing].mean())
        if found >= share:
            return round(float(threshold), 2)
        if found > best:
            best, chosen = found, float(threshold)
    return round(chosen, 2)
