"""Fitting a gate on the features of training pictures: estimation by scikit-learn, arrays out."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf
from sklearn.decomposition import PCA

from ml.cascade.ood.distances import NEIGHBOUR, Features, units

Labels = NDArray[np.intp]
Fitted = dict[str, NDArray[np.float32]]

#: Training pictures that the neighbours' bank keeps: 3,500 of 512 features are 3.5 MB in half precision.
BANK = 3500
#: Share of the variance that the main directions explain.
EXPLAINED = 0.95


def fit(features: Features, labels: Labels, *, method: str) -> Fitted:
    """Fit one way of telling near from far.

    Parameters
    ----------
    features
        Of training pictures, shape (N, F), as the trunk pools them.
    labels
        Class number of each picture, shape (N,).
    method
        A key of `FITS` and of `ml.cascade.ood.distances.DISTANCES`.

    Raises
    ------
    ValueError
        If no method has this name, or there are fewer pictures than neighbours that count.
    """
    if method not in FITS:
        raise ValueError(f"no gate is called {method!r}; there are {', '.join(FITS)}")
    if len(features) < NEIGHBOUR:
        raise ValueError(f"a gate cannot be fitted on {len(features)} pictures")
    arrays = FITS[method](units(features), labels)
    # Kept in half precision, as the file will have them: a threshold must be chosen with what is served.
    return {name: values.astype(np.float16).astype(np.float32) for name, values in arrays.items()}


def _mahalanobis(features: Features, labels: Labels) -> Fitted:
    classes, at = np.unique(labels, return_inverse=True)
    means = np.stack([features[at == number].mean(0) for number in range(len(classes))])
    return {"means": means, "whitening": _whitening(features - means[at])}


def _relative(features: Features, labels: Labels) -> Fitted:
    mean = features.mean(0, keepdims=True)
    both = {"all_mean": mean, "all_whitening": _whitening(features - mean)}
    return _mahalanobis(features, labels) | both


def _neighbours(features: Features, labels: Labels) -> Fitted:
    """Keep as many of each class as of any other until a class runs out: rare parts need their neighbours."""
    rng = np.random.default_rng(0)
    rank = np.empty(len(labels))
    for label in np.unique(labels):
        at = np.flatnonzero(labels == label)
        rank[rng.permutation(at)] = np.arange(len(at))
    return {"bank": features[np.sort(np.argsort(rank, kind="stable")[:BANK])]}


def _residual(features: Features, _labels: Labels) -> Fitted:
    main = PCA(n_components=EXPLAINED, svd_solver="full").fit(features)
    return {"mean": main.mean_[None].astype(np.float32), "main": main.components_.T.astype(np.float32)}


def _whitening(centred: Features) -> Features:
    """Matrix (F, F) that gives centred features unit covariance, shrunk after Ledoit and Wolf (2004)."""
    precision = LedoitWolf(assume_centered=True).fit(centred.astype(np.float64)).precision_
    return np.asarray(np.linalg.cholesky(precision), np.float32)


FITS: dict[str, Callable[[Features, Labels], Fitted]] = {
    "mahalanobis": _mahalanobis,
    "relative-mahalanobis": _relative,
    "neighbours": _neighbours,
    "residual": _residual,
}
