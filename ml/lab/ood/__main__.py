"""``python -m ml.lab.ood CONFIG...``: fit the gates of shipped classifiers, on the features of their served form.

Writes ``weights/<name>-<version>.gate.safetensors`` and the row's ``gate``. Doing it again changes nothing.
"""

import hashlib
import sys
from functools import partial
from pathlib import Path
from typing import Any

from ml.cascade.ood.model import gate_saved
from ml.cascade.runtime import Network, served_on_cpu
from ml.cascade.weights import manifest_read
from ml.lab.data import Picture, squares_read
from ml.lab.evaluate.report import WEIGHTS, row_stored
from ml.lab.ood.choose import KEPT, METHOD, SCOPE, class_numbers, gate_fitted, gate_limited, methods, taught_pictures
from ml.lab.ood.choose import witnesses as witnesses_of
from ml.lab.train.cli import each, parser_of
from ml.lab.train.config import Config
from ml.lab.train.heads import teaching
from ml.lab.train.splits import seen


def main(arguments: list[str] | None = None) -> int:
    """Fit every gate named; 0 when all were, 2 when one could not be."""
    parser = parser_of("python -m ml.lab.ood", __doc__)
    parser.add_argument("--method", choices=methods(), default=METHOD, help=f"default {METHOD}")
    chosen = parser.parse_args(arguments)
    return each(chosen.configs, chosen.profile, partial(_shipped, method=chosen.method))


def _shipped(config: Config, folder: Path, pictures: list[Picture], *, method: str) -> None:
    row = manifest_read(WEIGHTS).get(config.name)
    if row is None or row.version != config.version:
        raise ValueError(f"{config.key} is not in the manifest; export it first.")
    network = served_on_cpu(row, WEIGHTS)
    gate = gate_shipped(config, network, folder, pictures, weights=WEIGHTS, method=method)
    row_stored(row.model_dump() | {"gate": gate})
    print(f"{config.key}: {gate['method']}, distance at most {gate['threshold']:.6g}", flush=True)


def gate_shipped(
    config: Config, network: Network, folder: Path, pictures: list[Picture], *, weights: Path, method: str = METHOD
) -> dict[str, Any]:
    """Fit the gate of a served network, write its file and return the row's ``gate``."""
    squares, taught = taught_pictures(config, folder, pictures)
    gate = gate_fitted(witnesses_of(network, squares).features, class_numbers(taught), method=method)
    checked = teaching(seen(pictures, config, "val"), config.heads)
    squares, _ = squares_read(folder, checked, size=config.size)
    least = network.row.thresholds.get(SCOPE, 0.0)
    gate = gate_limited(gate, witnesses_of(network, squares), least_medical=least)
    file = weights / f"{config.name}-{config.version}.gate.safetensors"
    gate_saved(gate, file)
    return {
        "file": file.name,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "method": method,
        "threshold": gate.threshold,
        "rule": (
            f"The largest distance at which {KEPT:.0%} of the validation pictures of known kinds (n = {len(checked)}) "
            f"pass both this and the scope threshold; fitted on {len(taught)} training pictures."
        ),
    }


if __name__ == "__main__":
    sys.exit(main())
