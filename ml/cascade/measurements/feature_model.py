"""A linear model of features, stored as JSON, whose decisions can be explained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from ml.cascade.measurements.features import Features

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Reason:
    """The contribution of one feature for a label (positive) or against it (negative).

    Attributes
    ----------
    usual
        The mean of the feature in the training split, at which its contribution is 0.
    contribution
        Its contribution to the log odds of the label against another one.
    """

    name: str
    value: float
    usual: float
    contribution: float


@dataclass(frozen=True)
class Decision:
    """The decision of a model on one outline.

    Attributes
    ----------
    label
        None if the model abstains: nothing could be measured, the most probable label is below the threshold, or the
        features are unlike those of the training data (`is_far`).
    probabilities
        By label; empty if nothing could be measured.
    rather_than
        The second most probable label, against which the reasons are stated.
    base
        The log odds of these two labels before any feature is taken into account.
    reasons
        The largest contributions first; `base` and all contributions add up to `log_odds`.
    """

    label: str | None
    probabilities: Mapping[str, float]
    rather_than: str = ""
    base: float = 0.0
    reasons: Sequence[Reason] = ()
    is_far: bool = False

    @property
    def likeliest(self) -> str:
        """The most probable label, even if the model abstains; "" if nothing could be measured."""
        return max(self.probabilities, key=lambda label: self.probabilities[label], default="")

    @property
    def probability(self) -> float:
        """The probability of the most probable label."""
        return self.probabilities.get(self.likeliest, 0.0)

    @property
    def log_odds(self) -> float:
        """The log odds of the most probable label against the second."""
        return self.base + sum(reason.contribution for reason in self.reasons)


class FeatureModel(BaseModel):
    """Multinomial logistic regression on a few standardised features.

    Attributes
    ----------
    names
        The F selected features, out of those that `ml.cascade.measurements.features` computes.
    means, scales
        Mean and standard deviation of each feature in the training split.
    coefficients, intercepts
        Shapes (C, F) and (C,), with a row for each label.
    temperature, threshold
        From the validation split: the temperature of the probabilities, and the least probability of an answer.
    farthest
        Largest `distance` from the training split's means with an answer; None for no limit. A linear model is the more
        certain the farther it extrapolates, where it knows least.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    labels: tuple[str, ...]
    names: tuple[str, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    coefficients: tuple[tuple[float, ...], ...]
    intercepts: tuple[float, ...]
    temperature: float = 1.0
    threshold: float = 0.0
    farthest: float | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        shape = (len(self.labels), len(self.names))
        if shape != (len(self.intercepts), len(self.means)) or len(self.means) != len(self.scales):
            raise ValueError("the parts of the model are not of one size")
        if shape[0] < 2:
            raise ValueError("a model needs two labels to decide between")
        if shape[0] != len(self.coefficients) or any(len(row) != shape[1] for row in self.coefficients):
            raise ValueError("the coefficients are not one for each label and feature")
        return self

    def logits(self, measured: Sequence[Features]) -> Values:
        """Return logits (N, C), before the temperature, for the features of N outlines."""
        return np.asarray(self._standardised(measured) @ np.array(self.coefficients).T + self.intercepts)

    def probabilities(self, measured: Sequence[Features]) -> Values:
        """Return calibrated probabilities (N, C)."""
        raised = self.logits(measured) / self.temperature
        powers = np.exp(raised - raised.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    def distance(self, measured: Sequence[Features]) -> Values:
        """Return the distances (N,) of outlines from the means: the root mean square of the standardised features."""
        return np.asarray(np.sqrt((self._standardised(measured) ** 2).mean(axis=1)))

    def reasons(self, features: Features, label: str, *, rather_than: str) -> list[Reason]:
        """Return the contribution of each feature to the log odds of a label against another, the largest first."""
        pulls = self._apart(np.array(self.coefficients), label, rather_than) * self._standardised([features])[0]
        told = [
            Reason(name, features[name], usual, float(pull))
            for name, usual, pull in zip(self.names, self.means, pulls, strict=True)
        ]
        return sorted(told, key=lambda reason: -abs(reason.contribution))

    def decided(self, features: Features | None) -> Decision:
        """Return the decision on one outline; `features` is None if there was nothing to measure."""
        if features is None:
            return Decision(None, {})
        scores = dict(zip(self.labels, self.probabilities([features])[0].tolist(), strict=True))
        first, second = sorted(scores, key=lambda label: -scores[label])[:2]
        is_far = self.farthest is not None and bool(self.distance([features])[0] > self.farthest)
        return Decision(
            label=first if scores[first] >= self.threshold and not is_far else None,
            probabilities=scores,
            rather_than=second,
            base=float(self._apart(np.array(self.intercepts), first, second)),
            reasons=self.reasons(features, first, rather_than=second),
            is_far=is_far,
        )

    def _apart(self, weights: Values, label: str, rather_than: str) -> Values:
        """Return the difference of two labels' weights (C, ...), divided by the temperature."""
        ours, theirs = (weights[self.labels.index(name)] for name in (label, rather_than))
        return np.asarray((ours - theirs) / self.temperature)

    def _standardised(self, measured: Sequence[Features]) -> Values:
        values = np.array([[features[name] for name in self.names] for features in measured]).reshape(
            -1, len(self.names)
        )
        return np.asarray((values - self.means) / self.scales)


def model_write(model: FeatureModel, file: Path) -> None:
    """Write a model as JSON."""
    file.write_text(model.model_dump_json(indent=1) + "\n", encoding="utf-8")


def model_read(file: Path) -> FeatureModel:
    """Return the model in a file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file does not contain a valid model.
    """
    try:
        return FeatureModel.model_validate_json(file.read_text(encoding="utf-8"))
    except ValidationError as error:
        raise ValueError(f"{file.name} is no model of features: {error}") from error
