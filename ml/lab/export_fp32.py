"""``python -m ml.lab.export_fp32 CONFIG...``: give what ships the exact form that close calls are asked of again.

`ml.lab.export` does it for new exports; this is for models of an earlier release, whose runs are gone. Doing it again
changes nothing.
"""

import sys
from pathlib import Path
from typing import Any

from torch import nn

from ml.cascade.margins import MODALITY, closeness_measured
from ml.cascade.networks import build
from ml.cascade.runtime import OpenvinoNetwork
from ml.cascade.weights import ModelRow, manifest_read
from ml.lab.data import Picture, squares_read
from ml.lab.evaluate.inference import answered
from ml.lab.evaluate.report import WEIGHTS, row_stored
from ml.lab.evaluate.runs import as_shipped
from ml.lab.openvino_ir import converted, form_saved
from ml.lab.train.cli import each, parser_of
from ml.lab.train.config import Config
from ml.lab.train.eligibility import asked
from ml.lab.train.model_spec import form_of
from ml.lab.train.pretrained import start_weights
from ml.lab.train.splits import seen


def main(arguments: list[str] | None = None) -> int:
    """Give every model named its exact form; 0 when all have it, 2 when one could not."""
    chosen = parser_of("python -m ml.lab.export_fp32", __doc__).parse_args(arguments)
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
