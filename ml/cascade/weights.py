"""The manifest of model files: their digests are verified, and a file that differs is refused."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

MANIFEST = "manifest.json"


class WeightsError(Exception):
    """A model file is missing or differs from the manifest; the operator must act."""


class OpenvinoFiles(BaseModel):
    """A form of a model for CPUs, exported from its safetensors by `ml.lab.export`."""

    model_config = ConfigDict(frozen=True)
    xml: str
    xml_sha256: str
    bin: str
    bin_sha256: str
    precision: str


class GateFile(BaseModel):
    """The out-of-distribution gate of a classifier (see `ml.lab.ood`), fitted on the features of its CPU form.

    Attributes
    ----------
    method
        The distance measure: a key of `ml.cascade.ood.distances.DISTANCES`.
    threshold
        The largest distance that passes, chosen on the validation split by `rule`.
    """

    model_config = ConfigDict(frozen=True)
    file: str
    sha256: str
    method: str
    threshold: float
    rule: str


class ModelRow(BaseModel):
    """One model in the manifest: its files, input, outputs and operating points.

    Attributes
    ----------
    kind
        What it can do. A model with the kind "measure" is not a network but a feature model (see `ml.lab.radiomics`).
    openvino
        The form of a network for CPUs; None for a feature model.
    outputs
        Names of the network's outputs, in order.
    labels
        Labels by head, in the order of the output's channels.
    temperature, thresholds
        By head or label; chosen on the validation split by `threshold_rule`.
    series_thresholds
        By label: the least probability of a lesion's clearest box in a series of many slices (see `operations.detect`).
    gate
        The out-of-distribution gate of a classifier; None if it has none.
    exact
        The form that is run for close calls (see `ml.cascade.margins`); None if there is none.
    closeness
        By head or label: the largest difference of the quantised form from the exact one on the validation split, in
        log odds. An answer closer than this to a decision boundary is a close call.
    asked_of
        By head: the modalities to whose images it applies; a head that is not listed applies to all.
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    name: str
    version: str
    kind: Literal["classify", "detect", "segment", "measure"]
    architecture: str
    options: dict[str, Any]
    file: str
    sha256: str
    openvino: OpenvinoFiles | None = None
    input: dict[str, int]
    outputs: list[str]
    labels: dict[str, list[str]]
    temperature: dict[str, float] = {}
    thresholds: dict[str, float] = {}
    series_thresholds: dict[str, float] = {}
    card: str
    metrics: dict[str, Any] = {}
    gate: GateFile | None = None
    exact: OpenvinoFiles | None = None
    closeness: dict[str, float] = {}
    asked_of: dict[str, list[str]] = {}

    @model_validator(mode="after")
    def _is_served(self) -> Self:
        if (self.openvino is None) != (self.kind == "measure"):
            raise ValueError(f"{self.name}: a network states the form that CPUs serve, and only a network")
        return self

    @property
    def precision(self) -> str:
        """The numerical precision of its CPU form, for display."""
        return self.openvino.precision if self.openvino else "double precision, in NumPy"

    @property
    def files(self) -> list[str]:
        """Names of the files with its parameters, in all forms."""
        return [self.file, *(form.bin for form in (self.openvino, self.exact) if form)]

    @property
    def size(self) -> int:
        """Side of the square input in pixels."""
        return self.input["size"]


def manifest_read(folder: Path) -> dict[str, ModelRow]:
    """Return the models of the manifest, by name.

    Raises
    ------
    WeightsError
        If it is missing or malformed, or lists a model twice.
    """
    file = folder / MANIFEST
    try:
        rows = [ModelRow.model_validate(row) for row in json.loads(file.read_text())["models"]]
    except (OSError, ValueError, KeyError) as error:
        raise WeightsError(f"The weights' manifest cannot be read ({type(error).__name__}).") from error
    by_name = {row.name: row for row in rows}
    if len(by_name) != len(rows):
        raise WeightsError("The weights' manifest names a model twice.")
    return by_name


def forms_told(row: ModelRow) -> str:
    """Return a short description of a model's CPU form: "int8, close calls exact"."""
    return f"{row.precision}, close calls exact" if row.exact else row.precision


def file_verified(folder: Path, name: str, sha256: str) -> Path:
    """Return the path of a model file after verifying its digest.

    Raises
    ------
    WeightsError
        If the file is missing or differs.
    """
    path = folder / name
    if not path.is_file():
        raise WeightsError(f"The model file {name} is missing.")
    if _digest(path, path.stat().st_mtime_ns, path.stat().st_size) != sha256:
        raise WeightsError(f"The model file {name} is not the one that the manifest names: its sha256 differs.")
    return path


@cache
def _digest(path: Path, _mtime_ns: int, _size: int) -> str:
    # Cached by modification time and size, so that a worker verifies each file once, not for every run.
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
