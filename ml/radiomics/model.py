"""A linear model of features: numbers in a JSON file, and a decision whose reasons can be told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from ml.radiomics.features import Features

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Reason:
    """A feature that spoke for a label (above 0) or against it.

    `contribution` is what it adds to the logarithm of the label's odds, compared with the mean over all labels.
    """

    name: str
    value: float
    contribution: float


@dataclass(frozen=True)
class Decision:
    """What a model says of one outline.

    Attributes
    ----------
    label
        None where it abstains: nothing could be measured, or the likeliest label is under the threshold.
    probabilities
        By label; empty where nothing could be measured.
    reasons
        Of the likeliest label, the weightiest first.
    """

    label: str | None
    probabilities: Mapping[str, float]
    reasons: Sequence[Reason] = ()

    @property
    def likeliest(self) -> str:
        """The likeliest label, told or not; empty where nothing could be measured."""
        return max(self.probabilities, key=lambda label: self.probabilities[label], default="")

    @property
    def probability(self) -> float:
        """Of the likeliest label."""
        return self.probabilities.get(self.likeliest, 0.0)


class FeatureModel(BaseModel):
    """Multinomial logistic regression on few standardised features.

    Attributes
    ----------
    names
        The F features that were kept, of those that `ml.radiomics.features` measures.
    means, scales
        Of each kept feature in the training split.
    coefficients, intercepts
        (C, F) and (C,): one row a label.
    temperature, threshold
        From the validation split: of the probabilities, and the least one that is an answer.
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

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        shape = (len(self.labels), len(self.names))
        if shape != (len(self.intercepts), len(self.means)) or len(self.means) != len(self.scales):
            raise ValueError("the parts of the model are not of one size")
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

    def reasons(self, features: Features, label: str) -> list[Reason]:
        """Tell what every kept feature adds to a label, the weightiest first."""
        weights = np.array(self.coefficients)
        pulls = (weights[self.labels.index(label)] - weights.mean(axis=0)) * self._standardised([features])[0]
        told = [
            Reason(name, features[name], float(pull / self.temperature))
            for name, pull in zip(self.names, pulls, strict=True)
        ]
        return sorted(told, key=lambda reason: -abs(reason.contribution))

    def decided(self, features: Features | None) -> Decision:
        """Decide on one outline; `features` are None where there was nothing to measure."""
        if features is None:
            return Decision(None, {})
        scores = dict(zip(self.labels, self.probabilities([features])[0].tolist(), strict=True))
        undecided = Decision(None, scores)
        label = undecided.likeliest if undecided.probability >= self.threshold else None
        return replace(undecided, label=label, reasons=self.reasons(features, undecided.likeliest))

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
