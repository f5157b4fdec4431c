"""A fitted gate, loaded and verified like other weights, which computes the distance of images."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from ml.cascade.ood.distances import DISTANCES, Features
from ml.cascade.weights import ModelRow, WeightsError, file_verified

#: Name of the tensor with the percentiles of the validation images' distances.
PERCENTILES = "percentiles"


@dataclass(frozen=True)
class GateModel:
    """A fitted out-of-distribution gate: distance measure, parameters, reference distances and threshold.

    Attributes
    ----------
    method
        A key of `ml.cascade.ood.distances.DISTANCES`.
    arrays
        Parameters computed by `ml.lab.ood.fit.fit`.
    percentiles
        Percentiles 0, 1, ... 100 of the validation images' distances, shape (101,), ascending.
    threshold
        The largest distance that passes.
    """

    method: str
    arrays: Mapping[str, NDArray[np.float32]]
    percentiles: NDArray[np.float32]
    threshold: float

    def score(self, features: Features) -> NDArray[np.float64]:
        """Return the distances (N,) of features (N, F); the larger, the farther from the training images."""
        return DISTANCES[self.method](self.arrays, features)

    def share_nearer(self, distance: float) -> float:
        """Return the fraction of validation images with a smaller distance, 0 to 1, in steps of 0.01."""
        return float(np.searchsorted(self.percentiles, distance, side="left").clip(0, 100)) / 100


def gate_saved(gate: GateModel, file: Path) -> None:
    """Write a gate's arrays in half precision, and its percentiles in single precision."""
    tensors = {name: np.ascontiguousarray(values, np.float16) for name, values in gate.arrays.items()}
    if not all(np.isfinite(values).all() for values in tensors.values()):
        raise ValueError("the gate's numbers do not fit into half precision")
    save_file({**tensors, PERCENTILES: np.asarray(gate.percentiles, np.float32)}, file)


def gate_read(row: ModelRow, folder: Path) -> GateModel | None:
    """Return the gate of a model; None if it has none.

    Raises
    ------
    WeightsError
        If the file is missing, differs from the manifest, or cannot be used.
    """
    if row.gate is None:
        return None
    if row.gate.method not in DISTANCES:
        raise WeightsError(f"The manifest names a gate for {row.name} that nothing can ask: {row.gate.method}.")
    try:
        tensors = load_file(file_verified(folder, row.gate.file, row.gate.sha256))
        percentiles = tensors.pop(PERCENTILES)
    except (SafetensorError, KeyError) as error:
        raise WeightsError(f"The gate {row.gate.file} cannot be read ({type(error).__name__}).") from error
    arrays = {name: values.astype(np.float32) for name, values in tensors.items()}
    return GateModel(row.gate.method, arrays, percentiles, row.gate.threshold)
