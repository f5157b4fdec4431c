"""``python -m ml.lab.prune CONFIG``: a trained classifier with fewer channels, for comparison with the full one.

Whole channels go, the weakest of each layer, together with all that only they feed (DepGraph, Fang et al. 2023); the
rest is trained on for a few minutes.  Writes the served forms into ``runs/<key>-pruned/weights``, a folder like
``weights``, which ``python -m ml.lab.evaluate --form pruned=FOLDER CONFIG`` lays beside the full form.
"""

import sys
from dataclasses import replace
from pathlib import Path

import torch
import torch_pruning
from torch import nn

from ml.lab.data import Picture
from ml.lab.evaluate.report import row_stored
from ml.lab.export import export, trained
from ml.lab.train.classifier import ClassifierTask
from ml.lab.train.cli import each, parser_of
from ml.lab.train.config import Config
from ml.lab.train.loop import train

#: Channels are kept in numbers that vector units like.
MULTIPLE = 8


def main(arguments: list[str] | None = None) -> int:
    """Prune every classifier named; 0 when all were, 2 when one could not be."""
    parser = parser_of("python -m ml.lab.prune", __doc__)
    parser.add_argument("--share", type=float, default=0.3, help="share of each layer's channels that goes")
    parser.add_argument("--minutes", type=float, default=2, help="of training after")
    chosen = parser.parse_args(arguments)

    def act(config: Config, folder: Path, pictures: list[Picture]) -> None:
        print(f"{config.key}: {pruned_and_kept(config, folder, pictures, chosen.share, chosen.minutes)}", flush=True)

    return each(chosen.configs, chosen.profile, act)


def pruned_and_kept(config: Config, folder: Path, pictures: list[Picture], share: float, minutes: float) -> Path:
    """Prune a classifier's best network, train it on, and write its forms; returns their folder.

    Raises
    ------
    ValueError
        If the configuration is not a classifier's.
    """
    if config.task != "classifier":
        raise ValueError(f"{config.name}: only classifiers can be pruned")
    after = replace(config, name=f"{config.name}-pruned", minutes=minutes, rate=config.rate / 4, table="")
    task = PrunedTask(after, folder, pictures, of=config, share=share)
    best = train(task, after)
    network = task.network()
    network.load_state_dict(torch.load(best, weights_only=True))
    target = after.folder / "weights"
    row_stored(
        export(config, network, target, folder, pictures), target
    )  # under the full form's name: it could replace it
    return target


class PrunedTask(ClassifierTask):
    """A classifier's task whose network begins as the best one without its weakest channels."""

    def __init__(self, config: Config, folder: Path, pictures: list[Picture], *, of: Config, share: float) -> None:
        super().__init__(config, folder, pictures)
        self.of, self.share = of, share

    def network(self) -> nn.Module:
        """Build the network; the same each time, since the same channels are the weakest."""
        return pruned(trained(self.of), share=self.share, size=self.config.size)


def pruned(network: nn.Module, *, share: float, size: int) -> nn.Module:
    """Take the weakest channels out of every layer but the heads; changes the network itself.

    Parameters
    ----------
    share
        Of each layer's channels.
    size
        Side of the square input, by which the layers' ties are found.
    """
    heads = network.get_submodule("heads")
    pruner = torch_pruning.pruner.MagnitudePruner(
        network.eval(), torch.rand(1, 1, size, size),
        importance=torch_pruning.importance.GroupMagnitudeImportance(p=2),
        pruning_ratio=share, round_to=MULTIPLE, ignored_layers=list(heads.children()),
    )  # fmt: skip
    pruner.step()
    return network


if __name__ == "__main__":
    sys.exit(main())
