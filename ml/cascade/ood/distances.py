"""Distances of features from the training pictures': four published ways, each a plain function on arrays.

Every function takes the arrays that `ml.lab.ood.fit` made, features (N, F) as the trunk pools them, and gives
(N,) distances: the larger, the farther from anything that was trained on.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.float32]
Arrays = Mapping[str, NDArray[np.float32]]

#: The neighbour whose distance counts; the nearest few may be chance.
NEIGHBOUR = 5


def units(features: Features) -> Features:
    """Features of length one: the direction says what a picture shows, the length how much of it."""
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    return np.asarray(features / np.maximum(lengths, 1e-6), np.float32)


def mahalanobis(arrays: Arrays, features: Features) -> NDArray[np.float64]:
    """Distance to the nearest class's mean under a covariance that all classes share (Lee et al. 2018)."""
    return np.asarray(_squares(arrays["means"], arrays["whitening"], features).min(1), np.float64)


def relative_mahalanobis(arrays: Arrays, features: Features) -> NDArray[np.float64]:
    """The same, less the distance to the mean of all pictures under their covariance (Ren et al. 2021)."""
    all_pictures = _squares(arrays["all_mean"], arrays["all_whitening"], features)[:, 0]
    return np.asarray(mahalanobis(arrays, features) - all_pictures, np.float64)


def neighbours(arrays: Arrays, features: Features) -> NDArray[np.float64]:
    """One less the cosine to a near training picture, the fifth nearest (Sun et al. 2022)."""
    cosines = units(features) @ arrays["bank"].T
    return np.asarray(1 - np.partition(cosines, -NEIGHBOUR, axis=1)[:, -NEIGHBOUR], np.float64)


def residual(arrays: Arrays, features: Features) -> NDArray[np.float64]:
    """Length of what the training pictures' main directions leave unexplained (Wang et al. 2022, ViM's residual)."""
    centred = units(features) - arrays["mean"]
    return np.asarray(np.linalg.norm(centred - centred @ arrays["main"] @ arrays["main"].T, axis=1), np.float64)


def _squares(means: Features, whitening: Features, features: Features) -> NDArray[np.float64]:
    """Squared distance of each picture to each mean, (N, C), after whitening."""
    points, centres = (np.asarray(values @ whitening, np.float64) for values in (units(features), means))
    mixed = points @ centres.T
    return np.asarray((points**2).sum(1)[:, None] + (centres**2).sum(1)[None] - 2 * mixed, np.float64)


DISTANCES: dict[str, Callable[[Arrays, Features], NDArray[np.float64]]] = {
    "mahalanobis": mahalanobis,
    "relative-mahalanobis": relative_mahalanobis,
    "neighbours": neighbours,
    "residual": residual,
}
