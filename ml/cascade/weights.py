"""The signed list of model files: read, checked by digest, refused when a byte differs."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

MANIFEST = "manifest.json"


class WeightsError(Exception):
    """A model file is missing or is not the one that the manifest names; the operator must act."""


class OpenvinoFiles(BaseModel):
    """A form of a model for CPUs, made from its safetensors by `ml.lab.export`."""

    model_config = ConfigDict(frozen=True)
    xml: str
    xml_sha256: str
    bin: str
    bin_sha256: str
    precision: str


class GateFile(BaseModel):
    """A classifier's gate (see `ml.lab.ood`), fitted on the features of its served form.

    Attributes
    ----------
    method
        How distance is measured: a key of `ml.cascade.ood.distances.DISTANCES`.
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
    """One row of the manifest: what a model is, what goes in, what comes out.

    Attributes
    ----------
    kind
        What it can do. A model to "measure" is no network: its one file holds named numbers (see `ml.lab.radiomics`).
    openvino
        The form of a network that CPUs serve; None for a model that measures.
    outputs
        Names of the network's outputs, in order.
    labels
        Labels by head, in the order of the output's channels.
    temperature, thresholds
        By head or label, chosen on the validation split by `threshold_rule`.
    series_thresholds
        By label: what a detector's clearest box must reach in a series of many slices (see `operations.detect`).
    gate
        Of a classifier that abstains by its features; None where it has none.
    exact
        The form that close calls are asked of again (see `ml.cascade.margins`); None where it has none.
    closeness
        By head or label: the farthest that the quantised form lay from the exact one on the validation split, in
        logarithms of odds. What lies nearer to a border of a decision is a close call.
    asked_of
        By head: the modalities whose pictures it is asked about; a head that is not named is asked about all.
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
        """In a word, how its served form computes."""
        return self.openvino.precision if self.openvino else "double precision, in NumPy"

    @property
    def files(self) -> list[str]:
        """Names of the files that hold its numbers, in all forms."""
        return [self.file, *(form.bin for form in (self.openvino, self.exact) if form)]

    @property
    def size(self) -> int:
        """Side of the square input in pixels."""
        return self.input["size"]


def manifest_read(folder: Path) -> dict[str, ModelRow]:
    """Return the rows of the manifest by model name.

    Raises
    ------
    WeightsError
        If it is missing, malformed, or names a model twice.
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
    """Say in a few words what a CPU is served: "int8, close calls exact"."""
    return f"{row.precision}, close calls exact" if row.exact else row.precision


def file_verified(folder: Path, name: str, sha256: str) -> Path:
    """Return the path of a model file whose bytes are those that the manifest names.

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
    # Cached by what changes when the bytes do: a worker checks each file once, not once a run.
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
