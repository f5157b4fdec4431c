"""Begin from another run's weights, or from those that ship where that run was made on another machine."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from ml.lab.evaluate.report import WEIGHTS
from ml.lab.train.config import runs_folder


def start_weights(network: nn.Module, run: str, *, only: str = "", weights: Path = WEIGHTS) -> None:
    """Load the best weights of a run into a network where the names begin with `only`.

    Parameters
    ----------
    run
        Name-version of the run; nothing is loaded where it is empty.
    weights
        Where its half-precision weights lie if it ships.

    Raises
    ------
    FileNotFoundError
        If that run has no weights yet and does not ship.
    ValueError
        If the weights do not fit.
    """
    if not run:
        return
    found = _weights_of(run, weights)
    chosen = {name: value for name, value in found.items() if name.startswith(only)}
    own = network.state_dict()
    strange = [name for name, value in chosen.items() if name not in own or own[name].shape != value.shape]
    if strange or not chosen:
        raise ValueError(f"the weights of {run} do not fit this network")
    network.load_state_dict(chosen, strict=False)


def _weights_of(run: str, weights: Path) -> dict[str, Tensor]:
    trained, shipped = runs_folder() / run / "best.pt", weights / f"{run}.safetensors"
    if trained.exists():
        best: dict[str, Tensor] = torch.load(trained, weights_only=True)
        return best
    if shipped.exists():
        return load_file(shipped)
    raise FileNotFoundError(f"{run} has no weights yet; train it first.")
