"""``python -m ml.exact CONFIG...``: give what ships the exact form that close calls are asked of again.

`ml.export` does it for what it exports; this is for models of an earlier release, whose runs are gone. Doing it again
changes nothing.
"""

import sys
from pathlib import Path
from typing import Any

from torch import nn

from ml.closeness import MODALITY, closeness_measured
from ml.data import Picture, squares_read
from ml.evaluate.answers import answered
from ml.evaluate.report import WEIGHTS, row_stored
from ml.evaluate.runs import as_shipped
from ml.intermediate import converted, form_saved
from ml.networks import build
from ml.runtime import OpenvinoNetwork
from ml.train.asked import asked
from ml.train.command import each, parser_of
from ml.train.config import Config
from ml.train.form import form_of
from ml.train.pictures import seen
from ml.train.start import start_weights
from ml.weights import ModelRow, manifest_read


def main(arguments: list[str] | None = None) -> int:
    """Give every model named its exact form; 0 when all have it, 2 when one could not."""
    chosen = parser_of("python -m ml.exact", __doc__).parse_args(arguments)
    return each(chosen.configs, chosen.profile, _shipped)


def _shipped(config: Config, folder: Path, pictures: list[Picture]) -> None:
    config = as_shipped(config)
    row = manifest_read(WEIGHTS)[config.name]
    network = build(row.architecture, row.options)
    start_weights(network, config.key)
    row_stored(row.model_dump() | exact_added(config, row, network, WEIGHTS, folder, pictures))
    print(f"{config.key}: {manifest_read(WEIGHTS)[config.name].closeness}", flush=True)


def exact_added(
    config: Config, row: ModelRow, network: nn.Module, target: Path, folder: Path, pictures: list[Picture]
) -> dict[str, Any]:
    """Write a network's exact form for CPUs and say how far the quantised one is from it.

    Parameters
    ----------
    row
        With its operating points.
    network
        With the weights that ship.
    target
        ``weights``, or another folder like it, that holds the quantised form.

    Returns
    -------
    dict
        The row's ``exact``, ``closeness`` and ``asked_of``.
    """
    model = converted(network.eval(), form_of(config), config.size)
    files = form_saved(model, target / f"{config.key}.exact.xml", precision="exact")
    told = ModelRow.model_validate(row.model_dump() | {"exact": files})
    squares, _ = squares_read(folder, asked(config, seen(pictures, config, "val"), "val"), size=config.size)
    quick, exact = (answered(OpenvinoNetwork(told, target, files=form), squares) for form in (None, told.exact))
    return {
        "exact": files,
        "closeness": closeness_measured(told, quick, exact),
        "asked_of": asked_of(config),
    }


def asked_of(config: Config) -> dict[str, list[str]]:
    """Modalities that a classifier's heads are asked about, for those that are not asked about all."""
    if config.task != "classifier":
        return {}
    named = {head: where.where.get(MODALITY) for head, where in config.heads.items()}
    return {head: list(wanted) for head, wanted in named.items() if wanted}


if __name__ == "__main__":
    sys.exit(main())
