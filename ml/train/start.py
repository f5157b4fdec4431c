"""Begin from another run's weights."""

import torch
from torch import nn

from ml.train.config import runs_folder


def start_weights(network: nn.Module, run: str, *, only: str = "") -> None:
    """Load the best weights of a run into a network where the names begin with `only`.

    Parameters
    ----------
    run
        Name-version of the run; nothing is loaded where it is empty.

    Raises
    ------
    FileNotFoundError
        If that run has no weights yet.
    ValueError
        If the weights do not fit.
    """
    if not run:
        return
    file = runs_folder() / run / "best.pt"
    if not file.exists():
        raise FileNotFoundError(f"{run} has no weights yet; train it first.")
    found = torch.load(file, weights_only=True)
    chosen = {name: value for name, value in found.items() if name.startswith(only)}
    own = network.state_dict()
    strange = [name for name, value in chosen.items() if name not in own or own[name].shape != value.shape]
    if strange or not chosen:
        raise ValueError(f"the weights of {run} do not fit this network")
    network.load_state_dict(chosen, strict=False)
