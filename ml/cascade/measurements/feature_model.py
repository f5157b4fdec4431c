"""A linear model of features: numbers in a JSON file, and a decision whose reasons can be told."""

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
    """A feature that spoke for a label (above 0) or against it.

    Attributes
    ----------
    usual
        The mean of the feature in the training split, where it would say nothing.
    contribution
        What it adds to the logarithm of the odds of the label against another one.
    """

    name: str
    value: float
    usual: float
    contribution: float


@dataclass(frozen=True)
class Decision:
    """What a model says of one outline.

    Attributes
    ----------
    label
        None where it abstains: nothing could be measured, the likeliest label is under the threshold, or what was
        measured is unlike everything that it learnt from (`is_far`).
    probabilities
        By label; empty where nothing could be measured.
    rather_than
        The label that comes next; the reasons tell why the likeliest was taken rather than this.
    base
        What the odds of these two are before anything is measured, as a logarithm.
    reasons
        The weightiest first; `base` and all contributions together are `log_odds`.
    """

    label: str | None
    probabilities: Mapping[str, float]
    rather_than: str = ""
    base: float = 0.0
    reasons: Sequence[Reason] = ()
    is_far: bool = False

    @property
    def likeliest(self) -> str:
        """The likeliest label, told or not; empty where nothing could be measured."""
        return max(self.probabilities, key=lambda label: self.probabilities[label], default="")

    @property
    def probability(self) -> float:
        """Of the likeliest label."""
        return self.probabilities.get(self.likeliest, 0.0)

    @property
    def log_odds(self) -> float:
        """Logarithm of the odds of the likeliest label against the next."""
        return self.base + sum(reason.contribution for reason in self.reasons)


class FeatureModel(BaseModel):
    """Multinomial logistic regression on few standardised features.

    Attributes
    ----------
    names
        The F features that were kept, of those that `ml.cascade.measurements.features` measures.
    means, scales
        Of each kept feature in the training split.
    coefficients, intercepts
        (C, F) and (C,): one row a label.
    temperature, threshold
        From the validation split: of the probabilities, and the least one that is an answer.
    farthest
        How far from the training split's means an outline may lie and be answered, see `distance`; None: anywhere.
        A linear model is the surer the farther off, where it knows the least.
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
        """Return logits (N, C), before the temperature, of N measured outlines."""
        return np.asarray(self._standardised(measured) @ np.array(self.coefficients).T + self.intercepts)

    def probabilities(self, measured: Sequence[Features]) -> Values:
        """Return calibrated probabilities (N, C)."""
        raised = self.logits(measured) / self.temperature
        powers = np.exp(raised - raised.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    def distance(self, measured: Sequence[Features]) -> Values:
        """Return how far outlines (N,) lie from the means: root mean square over the features, in their scales."""
        return np.asarray(np.sqrt((self._standardised(measured) ** 2).mean(axis=1)))

    def reasons(self, features: Features, label: str, *, rather_than: str) -> list[Reason]:
        """Tell what every kept feature adds to the log odds of a label against another, the weightiest first."""
        pulls = self._apart(np.array(self.coefficients), label, rather_than) * self._standardised([features])[0]
        told = [
            Reason(name, features[name], usual, float(pull))
            for name, usual, pull in zip(self.names, self.means, pulls, strict=True)
        ]
        return sorted(told, key=lambda reason: -abs(reason.contribution))

    def decided(self, features: Features | None) -> Decision:
        """Decide on one outline; `features` are None where there was nothing to measure."""
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
        """Return by how much two labels' weights (C, ...) differ, at the model's temperature."""
        ours, theirs = (weights[self.labels.index(name)] for name in (label, rather_than))
        return np.asarray((ours - theirs) / self.temperature)

    def _standardised(self, measured: Sequence[Features]) -> Values:
        values = np.array([[features[name] for name in self.names] for features in measured]).reshape(
            -1, len(self.names)
        )
        return np.asarray((values - self.means) / self.scales)


def model_write(model: FeatureModel, file: Path) -> None:
    """Keep a model as JSON."""
    file.write_text(model.model_dump_json(indent=1) + "\n", encoding="utf-8")


def model_read(file: Path) -> FeatureModel:
    """Read a model.

    Raises
    ------
    FileNotFoundError
        If there is none.
    ValueError
        If it is no such file.
    """
    try:
        return FeatureModel.model_validate_json(file.read_text(encoding="utf-8"))
    except ValidationError as error:
        raise ValueError(f"{file.name} is no model of features: {error}") from error
