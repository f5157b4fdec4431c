"""What was judged, how it was trained, and what it costs."""

import csv
import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ml.cascade.networks import build
from ml.cascade.weights import ModelRow
from ml.lab.data import Picture, data_digest
from ml.lab.train.config import Config
from ml.lab.training_selection import taught


def about(config: Config, row: ModelRow, pictures: list[Picture], *, form: str, bytes_on_disk: int) -> dict[str, Any]:
    """Tell of a judged network what a table of many needs to know.

    Parameters
    ----------
    form
        "pytorch" or "int8".
    bytes_on_disk
        Of that form.
    """
    epochs, seconds = _trained(config.folder / "epochs.csv")
    return {
        "name": config.name,
        "version": config.version,
        "profile": config.profile,
        "task": config.task,
        "table": config.table,
        "architecture": _architecture(config),
        "size": row.size,
        **cost(row),
        "bytes": bytes_on_disk,
        "epochs": epochs,
        "seconds": seconds,
        "pictures_taught": sum(picture.split == "train" for picture in taught(config, pictures)),
        "cuts": [name for name in config.options.get("cuts", []) if name not in config.without],
        "without": list(config.without),
        "start": config.start_key,
        "data_digest": _text(config.folder / "data.sha256") or data_digest(pictures),
        "config_digest": _digest(config),
        "threshold_rule": str((row.model_extra or {}).get("threshold_rule", "")),
        "temperature": row.temperature,
        "thresholds": row.thresholds,
        "date": datetime.now(UTC).date().isoformat(),
        "form": form,
    }


def cost(row: ModelRow) -> dict[str, float]:
    """Parameters, GFLOP (multiply and add counted apart) and milliseconds of one picture on eager PyTorch."""
    module = build(row.architecture, row.options).eval()
    picture = torch.rand(1, 1, row.size, row.size)
    counter: Any = FlopCounterMode(display=False)
    with torch.inference_mode():
        with counter:
            module(picture)
        ms = milliseconds(lambda: module(picture))
    return {"parameters": parameters(module), "gflop": float(counter.get_total_flops()) / 1e9, "ms": ms}


def parameters(module: nn.Module) -> int:
    """Number of learnt values."""
    return sum(value.numel() for value in module.parameters())


def milliseconds(call: Callable[[], object], *, rounds: int = 9) -> float:
    """Median time of a call after a first one that warms up."""
    call()
    spent = []
    for _ in range(rounds):
        began = time.perf_counter()
        call()
        spent.append((time.perf_counter() - began) * 1000)
    return median(spent)


def _architecture(config: Config) -> str:
    """Such as "classifier resnet50": the name and what is set, in words."""
    network = dict(config.network)
    name = str(network.pop("architecture", ""))
    return " ".join([name, *(str(value) for value in network.values() if isinstance(value, str | int))])


def _trained(epochs: Path) -> tuple[int | None, int | None]:
    """Epochs and seconds of a training; neither is known where the run's folder is gone."""
    if not epochs.exists():
        return None, None
    with epochs.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    return int(rows[-1]["epoch"]), int(float(rows[-1]["seconds"]))


def _digest(config: Config) -> str:
    """Digest of what the run was trained with, which its file may no longer say."""
    told = _text(config.folder / "config.json")
    return hashlib.sha256(told.encode()).hexdigest() if told else config.digest


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.exists() else ""
