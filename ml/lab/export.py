"""``python -m ml.lab.export CONFIG...``: a trained run becomes the files that are shipped and served.

Safetensors in half precision, the quantised form for CPUs made from them, operating points chosen
on the validation split with the quantised form, and the model's row in the manifest.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nncf
import numpy as np
from nncf.quantization.range_estimator import RangeEstimatorParametersSet
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import nn

from ml.cascade.networks import build
from ml.cascade.runtime import OpenvinoNetwork
from ml.cascade.weights import ModelRow
from ml.lab.data import Picture, data_digest, squares_read
from ml.lab.evaluate.operating_points import operating_points
from ml.lab.evaluate.report import WEIGHTS, row_stored
from ml.lab.export_fp32 import exact_added
from ml.lab.openvino_ir import converted, digest_of, form_saved
from ml.lab.train.cli import each, parser_of
from ml.lab.train.config import Config
from ml.lab.train.eligibility import asked
from ml.lab.train.model_spec import Form, form_of
from ml.lab.train.pretrained import start_weights
from ml.lab.train.splits import seen


def calibration_pictures(config: Config, pictures: list[Picture]) -> list[Picture]:
    """Training pictures on which the quantisation measures its ranges: 320, every collection."""
    pool = asked(config, seen(pictures, config, "train"), "train")
    chosen = np.random.default_rng(config.seed).permutation(len(pool))[:320]
    return [pool[i] for i in chosen]


def tensors_saved(network: nn.Module, file: Path) -> None:
    """Write a network's tensors, numbers with a fraction in half precision, and keep just that in the network."""
    tensors = network.state_dict()
    halves = {k: v.half() if v.is_floating_point() else v for k, v in tensors.items()}
    save_file({name: value.contiguous() for name, value in halves.items()}, file)
    network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in halves.items()})


def trained(config: Config) -> nn.Module:
    """The best network of a run, or in half precision the one that ships of it where the run is gone."""
    form = form_of(config)
    network = build(form.architecture, form.options)
    start_weights(network, config.key)
    return network


def quantised(model: Any, form: Form, squares: NDArray[np.uint8]) -> Any:
    """Quantise weights and activations of a converted model to 8 bits.

    Parameters
    ----------
    squares
        Prepared training pictures (N, size, size) that set the ranges.
    """
    batches = [square[None, None].astype(np.float32) / 255 for square in squares]
    return nncf.quantize(
        model,
        nncf.Dataset(batches),
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(batches),
        ignored_scope=_kept_exact(model, form),
        # Ranges from the extremes: a mean cuts off the high answers of the few places or pictures that matter.
        advanced_parameters=nncf.AdvancedQuantizationParameters(
            activations_range_estimator_params=RangeEstimatorParametersSet.MINMAX
        ),
        # A classifier decides between near answers: the slow correction and these ranges left 7 of 25 flips (n = 400).
        fast_bias_correction=form.kind != "classify",
    )


def _kept_exact(model: Any, form: Form) -> Any:
    """Parts that stay in full precision: the arithmetic that turns a detector's answer into boxes."""
    if form.kind != "detect":
        return nncf.IgnoredScope()
    names = [op.get_friendly_name() for op in model.get_ordered_ops()]
    head = [n for n in names if n.startswith("__module.yolo.model.24/") or ".dfl" in n]
    return nncf.IgnoredScope(names=head)


def export(config: Config, network: nn.Module, target: Path, folder: Path, pictures: list[Picture]) -> dict[str, Any]:
    """Write a network in the forms that are served, and return its manifest row.

    Parameters
    ----------
    target
        ``weights``, or another folder like it.
    folder
        Of the pictures, which set the quantisation's ranges and the operating points.
    """
    form, name = form_of(config), config.key
    target.mkdir(parents=True, exist_ok=True)
    tensors = target / f"{name}.safetensors"
    tensors_saved(network, tensors)
    squares, _ = squares_read(folder, calibration_pictures(config, pictures), size=config.size)
    model = converted(network.eval(), form, config.size)
    files = form_saved(quantised(model, form, squares), target / f"{name}.xml", precision="int8")
    row = {
        "name": config.name,
        "version": config.version,
        "kind": form.kind,
        "architecture": form.architecture,
        "options": form.options,
        "file": tensors.name,
        "sha256": digest_of(tensors),
        "bytes": tensors.stat().st_size,
        "openvino": files,
        "input": {"size": config.size},
        "outputs": form.outputs,
        "labels": form.labels,
        "card": f"{name}.md",
        "trained": {
            "date": datetime.now(UTC).date().isoformat(),
            "config_digest": config.digest,
            "data_digest": data_digest(pictures),
        },
        "metrics": {},
    }
    served = OpenvinoNetwork(ModelRow.model_validate(row), target)
    row |= operating_points(config, served, folder, pictures)
    return row | exact_added(config, ModelRow.model_validate(row), network, target, folder, pictures)


def main(arguments: list[str] | None = None) -> int:
    """Export every configuration named; 0 when all were, 2 when one could not be."""
    chosen = parser_of("python -m ml.lab.export", __doc__).parse_args(arguments)
    return each(chosen.configs, chosen.profile, _shipped)


def _shipped(config: Config, folder: Path, pictures: list[Picture]) -> None:
    row = export(config, trained(config), WEIGHTS, folder, pictures)
    row_stored(row)
    print(f"{config.key}: thresholds {row['thresholds']}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
