"""Selection and classifier: estimation by scikit-learn, numbers out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from ml.cascade.measurements.feature_model import FeatureModel
from ml.cascade.measurements.features import Features
from ml.lab.evaluate.thresholds import softmax, temperature_fitted, threshold_for_right

Numbers = NDArray[np.intp]
#: Inverse strengths of the penalty that are tried.
STRENGTHS = (0.03, 0.3, 3.0)
#: Numbers of features that are tried, and all.
COUNTS = (2, 4, 6, 8, 10, 12, 16)
PARTS = 5
#: Share of the validation split's outlines that lie near enough to be answered.
NEAR_ENOUGH = 0.99


def model_fitted(
    measured: Sequence[Features], truth: Numbers, groups: Sequence[str], labels: Sequence[str], *, seed: int
) -> FeatureModel:
    """Choose features by their F-value and fit a logistic regression on them.

    How many are kept, and how strongly the weights are held down, is settled by cross-validation inside these
    outlines, groups whole: the fewest features whose log loss lies within a standard error of the least (Breiman et
    al. 1984). Each part chooses its features anew, so that no choice has seen what it is judged on.

    Parameters
    ----------
    measured, truth, groups
        Of each outline of the training split: features, number of its label, group.
    """
    names = list(measured[0])
    values = np.array([[features[name] for name in names] for features in measured])
    road = Pipeline(
        [("scale", StandardScaler()), ("select", SelectKBest()), ("classify", LogisticRegression(max_iter=2000))]
    )
    counts = sorted({min(count, len(names)) for count in (*COUNTS, len(names))})
    search = GridSearchCV(
        road,
        {"select__k": counts, "classify__C": STRENGTHS},
        scoring="neg_log_loss",
        refit=_fewest,
        cv=StratifiedGroupKFold(PARTS, shuffle=True, random_state=seed),
    )
    best = search.fit(values, truth, groups=groups).best_estimator_
    kept = np.flatnonzero(best["select"].get_support()).tolist()
    weights, intercepts = _one_row_a_label(best["classify"])
    return FeatureModel(
        labels=tuple(labels),
        names=tuple(names[index] for index in kept),
        means=tuple(best["scale"].mean_[kept].tolist()),
        scales=tuple(best["scale"].scale_[kept].tolist()),
        coefficients=tuple(tuple(row) for row in weights.tolist()),
        intercepts=tuple(intercepts.tolist()),
    )


def model_calibrated(
    model: FeatureModel, measured: Sequence[Features], truth: Numbers, *, right_share: float
) -> FeatureModel:
    """Give a model its temperature, its threshold and how far it goes, chosen on the validation split.

    Temperature and threshold as those of the networks; farther than `NEAR_ENOUGH` of these outlines lie it abstains.
    """
    logits = model.logits(measured)
    temperature = temperature_fitted(logits, truth)
    scores = softmax(logits, temperature)
    threshold = threshold_for_right(scores.max(1), scores.argmax(1) == truth, share=right_share)
    farthest = round(float(np.quantile(model.distance(measured), NEAR_ENOUGH)), 3)
    return model.model_copy(update={"temperature": temperature, "threshold": threshold, "farthest": farthest})


def _fewest(tried: Mapping[str, Any]) -> int:
    """Return the number of the trial with the fewest features among those as good as the best."""
    scores, spreads = np.asarray(tried["mean_test_score"]), np.asarray(tried["std_test_score"])
    counts = np.asarray(tried["param_select__k"], np.intp)
    best = int(scores.argmax())
    good = np.flatnonzero(scores >= scores[best] - spreads[best] / np.sqrt(PARTS))
    return int(min(good, key=lambda number: (counts[number], -scores[number])))


def _one_row_a_label(classifier: LogisticRegression) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return weights (C, F) and intercepts (C,); of two labels scikit-learn keeps the difference alone."""
    weights, intercepts = classifier.coef_, classifier.intercept_
    if len(weights) == 1:
        return np.concatenate([-weights, weights]) / 2, np.concatenate([-intercepts, intercepts]) / 2
    return weights, intercepts
