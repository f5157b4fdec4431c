"""Runs networks: quantised with OpenVINO on CPUs, with PyTorch on a GPU."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import openvino
from numpy.typing import NDArray

from ml.cascade.margins import close_calls
from ml.cascade.measurements.feature_model import FeatureModel, model_read
from ml.cascade.ood.model import GateModel, gate_read
from ml.cascade.weights import ModelRow, OpenvinoFiles, WeightsError, file_verified

Tensors = Mapping[str, NDArray[np.float32]]
#: Most slices in one batch.
BATCH = 16


class Network(Protocol):
    """A loaded model."""

    row: ModelRow

    def run(self, batch: NDArray[np.float32]) -> Tensors:
        """Return the outputs by name for a batch (N, 1, S, S) in [0, 1]; a feature model takes features (N, F)."""
        ...


@runtime_checkable
class Gated(Protocol):
    """A loaded model with an out-of-distribution gate, which is None if the model has none."""

    gate: GateModel | None


@runtime_checkable
class Legible(Protocol):
    """A loaded model whose answers can be explained as contributions of named features."""

    model: FeatureModel


class OpenvinoNetwork:
    """A network on the CPU, from an OpenVINO intermediate representation: the quantised one, or that in `files`.

    Whatever is not quantised is computed in single precision: by default, OpenVINO uses bfloat16 on processors that
    support it, and results would depend on the machine.
    """

    _core: openvino.Core | None = None
    _settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}

    @staticmethod
    def is_available() -> bool:
        """Return True: the CPU plug-in comes with the package."""
        return True

    def __init__(self, row: ModelRow, folder: Path, *, files: OpenvinoFiles | None = None) -> None:
        files = files or row.openvino
        if files is None:
            raise WeightsError(f"The model {row.name} {row.version} is no network.")
        xml = file_verified(folder, files.xml, files.xml_sha256)
        weights = file_verified(folder, files.bin, files.bin_sha256)
        file_verified(folder, row.file, row.sha256)
        core = OpenvinoNetwork._core = OpenvinoNetwork._core or openvino.Core()
        try:
            self._compiled = core.compile_model(core.read_model(xml, weights), "CPU", self._settings)
        except RuntimeError as error:
            raise WeightsError(f"OpenVINO cannot load the model {row.name} {row.version}.") from error
        self.row, self.gate = row, gate_read(row, folder)

    def run(self, batch: NDArray[np.float32]) -> Tensors:
        """Return the outputs by name; see `Network.run`."""
        answers = self._compiled(batch)
        return {name: np.asarray(answers[name]) for name in self.row.outputs}


class CarefulNetwork:
    """The quantised form, and the exact one for close calls: as fast as the first, with the decisions of the second."""

    def __init__(self, row: ModelRow, folder: Path) -> None:
        self._quick, self._exact = OpenvinoNetwork(row, folder), OpenvinoNetwork(row, folder, files=row.exact)
        self.row, self.gate = row, self._quick.gate

    def run(self, batch: NDArray[np.float32]) -> Tensors:
        """Return the outputs by name; see `Network.run`."""
        outputs = dict(self._quick.run(batch))
        close = close_calls(self.row, outputs)
        if close.any():
            for name, value in self._exact.run(batch[close]).items():
                outputs[name] = outputs[name].copy()
                outputs[name][close] = value
        return outputs


class TorchNetwork:
    """A network in PyTorch, in eager mode, from its safetensors, on a GPU or the CPU."""

    @staticmethod
    def is_available() -> bool:
        """Return whether there is a CUDA device that PyTorch can use."""
        # Without a driver there is none, but PyTorch takes seconds to say so; the CPU image does not contain PyTorch.
        if not Path("/dev/nvidiactl").exists() or find_spec("torch") is None:
            return False
        import torch

        return torch.cuda.is_available()

    def __init__(self, row: ModelRow, folder: Path, *, device: str) -> None:
        import torch
        from safetensors.torch import load_file

        from ml.cascade.networks import build

        self._torch, self._device = torch, torch.device(device)
        self.row, self.gate = row, gate_read(row, folder)
        module = build(row.architecture, row.options)
        state = load_file(file_verified(folder, row.file, row.sha256))
        module.load_state_dict(
            {name: value.float() if value.is_floating_point() else value for name, value in state.items()}
        )
        self._module = module.eval().to(self._device)

    def run(self, batch: NDArray[np.float32]) -> Tensors:
        """Return the outputs by name; see `Network.run`."""
        with self._torch.inference_mode():
            answers = self._module(self._torch.from_numpy(batch).to(self._device))
        return {name: value.float().cpu().numpy() for name, value in zip(self.row.outputs, answers, strict=True)}


class WeighedFeatures:
    """A linear model of radiomics features (see `ml.lab.radiomics`), computed in NumPy on any device.

    Temperature and threshold are those of the manifest, as for any model.
    """

    def __init__(self, row: ModelRow, folder: Path) -> None:
        file = file_verified(folder, row.file, row.sha256)
        try:
            model = model_read(file)
        except ValueError as error:
            raise WeightsError(f"The model {row.name} {row.version} cannot be read.") from error
        ((head, labels),) = row.labels.items()
        if tuple(labels) != model.labels:
            raise WeightsError(f"The model {row.name} {row.version} answers other labels than the manifest says.")
        points = {"temperature": row.temperature[head], "threshold": row.thresholds[head]}
        self.row, self.model, self._head = row, model.model_copy(update=points), head

    def run(self, batch: NDArray[np.float32]) -> Tensors:
        """Return logits (N, C) by head for features (N, F), in the model's order."""
        measured = [dict(zip(self.model.names, values, strict=True)) for values in batch.tolist()]
        return {self._head: self.model.logits(measured).astype(np.float32)}


def network_load(row: ModelRow, folder: Path, *, device: str = "auto") -> Network:
    """Load a model for a device.

    Parameters
    ----------
    device
        "cpu" (OpenVINO: see `served_on_cpu`), "cuda" (PyTorch), or "auto" for the GPU if there is one.

    Raises
    ------
    WeightsError
        If a file is missing or differs from the manifest, or the requested device is not available.
    """
    if row.openvino is None or device == "cpu" or (device == "auto" and not TorchNetwork.is_available()):
        return served_on_cpu(row, folder)
    if not TorchNetwork.is_available():
        raise WeightsError("READROOM_DEVICE asks for cuda, but PyTorch sees no GPU.")
    return TorchNetwork(row, folder, device="cuda")


def served_on_cpu(row: ModelRow, folder: Path) -> Network:
    """Load the form of a model for CPUs: quantised, with the exact form for close calls if there is one."""
    if row.openvino is None:
        return WeighedFeatures(row, folder)
    return CarefulNetwork(row, folder) if row.exact else OpenvinoNetwork(row, folder)
