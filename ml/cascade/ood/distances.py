"""Distances of features from those of the training images: four published measures, as functions on arrays.

Every function takes the arrays that `ml.lab.ood.fit` computed, and pooled features (N, F), and returns distances (N,):
the larger, the farther from all training images.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.float32]
Arrays = Mapping[str, NDArray[np.float32]]

#: The neighbour whose distance is used; the nearest ones may be close by chance.
NEIGHBOUR = 5


def units(features: Features) -> Features:
    """Return features scaled to unit length: their direction says what an image shows, their length how much of it."""
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    return np.asarray(features / np.maximum(lengths, 1e-6), np.float32)


def mahalanobis(arrays: Arrays, features: Features) -> NDArray[np.float64]:
    """Return the Mahalanobis distance to the nearest class mean, with a shared covariance (Lee et al. 2018)."""
    return np.asarray(_squares(arrays["means"], arrays["whitening"], features).min(1), np.float64)


def relative_mahalanobis(arrays: Arrays, features: Features) -> NDArray[np.float64]:
    """Return the same minus the distance to the mean of all images under their covariance (Ren et al. 2021)."""
    all_pictures = _squares(arrays["all_mean"], arrays["all_whitening"], features)[:, 0]
    return np.asarray(mahalanobis(arrays, features) - all_pictures, np.float64)


def neighbours(arrays: Arrays, features: Features) -> NDArray[np.float64]:
    """Return one minus the cosine similarity to the fifth nearest training image (Sun et al. 2022)."""
    cosines = units(features) @ arrays["bank"].T
    return np.asarray(1 - np.partition(cosines, -NEIGHBOUR, axis=1)[:, -NEIGHBOUR], np.float64)


def residual(arrays: Arrays, features: Features) -> NDArray[np.float64]:
    """Return the norm of the residual outside the training images' principal subspace (ViM, Wang et al. 2022)."""
    centred = units(features) - arrays["mean"]
    return np.asarray(np.linalg.norm(centred - centred @ arrays["main"] @ arrays["main"].T, axis=1), np.float64)


def _squares(means: Features, whitening: Features, features: Features) -> NDArray[np.float64]:
    """Return the squared distance of each image to each mean, (N, C), after whitening."""
    points, centres = (np.asarray(values @ whitening, np.float64) for values in (units(features), means))
    mixed = points @ centres.T
    return np.asarray((points**2).sum(1)[:, None] + (centres**2).sum(1)[None] - 2 * mixed, np.float64)


DISTANCES: dict[str, Callable[[Arrays, Features], NDArray[np.float64]]] = {
    "mahalanobis": mahalanobis,
    "relative-mahalanobis": relative_mahalanobis,
    "neighbours": neighbours,
    "residual": residual,
}
