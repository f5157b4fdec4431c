"""A network to be judged: as it ships, or straight from its run."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ml.cascade.networks import build
from ml.cascade.runtime import Network, Tensors, served_on_cpu
from ml.cascade.weights import ModelRow, OpenvinoFiles, manifest_read
from ml.lab.data import Picture
from ml.lab.evaluate.operating_points import operating_points
from ml.lab.evaluate.report import WEIGHTS
from ml.lab.train.config import PLAIN, Config
from ml.lab.train.model_spec import form_of
from ml.lab.train.tensors import training_device

_UNSHIPPED = OpenvinoFiles(xml="", xml_sha256="", bin="", bin_sha256="", precision="")


class RunNetwork:
    """The best weights of a run on eager PyTorch; its row names no files, since none were shipped.

    Raises
    ------
    FileNotFoundError
        If the run has no weights yet.
    ValueError
        If its weights are not those of the configured network.
    """

    def __init__(self, config: Config) -> None:
        file = config.folder / "best.pt"
        if not file.exists():
            raise FileNotFoundError(f"{config.key} has no weights yet; train it first.")
        self.row = run_row(config)
        self._device = training_device()
        module = build(self.row.architecture, self.row.options)
        try:
            module.load_state_dict(torch.load(file, weights_only=True, map_location="cpu"))
        except RuntimeError as error:
            raise ValueError(f"The weights of {config.key} do not fit its configuration; train it again.") from error
        nn.utils.convert_conv2d_weight_memory_format(module, torch.channels_last)  # quicker, the same numbers
        self._module = module.eval().to(self._device)

    def run(self, batch: NDArray[np.float32]) -> Tensors:
        """Return the outputs by name; see `ml.cascade.runtime.Network.run`."""
        with torch.inference_mode():
            answers = self._module(torch.from_numpy(batch).to(self._device))
        return {name: value.float().cpu().numpy() for name, value in zip(self.row.outputs, answers, strict=True)}


def run_row(config: Config) -> ModelRow:
    """What a manifest would say of a run that is not shipped, without temperatures and thresholds."""
    values = {"name": config.name, "version": config.version, "file": "", "sha256": "", "card": ""}
    return ModelRow.model_validate(
        {**values, **asdict(form_of(config)), "input": {"size": config.size}, "openvino": _UNSHIPPED}
    )


def shipped_row(config: Config, weights: Path = WEIGHTS) -> ModelRow | None:
    """The manifest's row of a configuration; None where this version does not ship."""
    row = manifest_read(weights).get(config.name)
    return row if row is not None and row.version == config.version and config.profile == PLAIN else None


def as_shipped(config: Config, weights: Path = WEIGHTS) -> Config:
    """The configuration under the version that ships of its name.

    Raises
    ------
    ValueError
        If nothing of that name ships, or with another input size: then it is another network.
    """
    row = manifest_read(weights).get(config.name)
    if row is None or row.size != config.size:
        raise ValueError(f"{config.name}: nothing of that name and input size ships")
    return replace(config, version=row.version)


def run_judged(config: Config, folder: Path, pictures: list[Picture]) -> RunNetwork:
    """A run's network with temperatures and thresholds chosen on the validation split."""
    network = RunNetwork(config)
    network.row = network.row.model_copy(update=operating_points(config, network, folder, pictures))
    return network


def network_judged(config: Config, folder: Path, pictures: list[Picture]) -> Network:
    """What is judged: the served form of what ships, the run of what does not."""
    row = shipped_row(config)
    return run_judged(config, folder, pictures) if row is None else served_on_cpu(row, WEIGHTS)
