"""``python -m ml.lab.report.timed CONFIG...``: milliseconds a picture of all networks, taken in turns in one run.

A judgement that ran beside a training has clocked the training too. This clocks again, every network once a round so
that all meet the machine in the same mood, and writes the medians into the reports that are there.
"""

import json
import sys
import time
from pathlib import Path
from statistics import median

import torch
from torch import nn

from ml.cascade.networks import build
from ml.lab.data import Picture
from ml.lab.evaluate.runs import run_row
from ml.lab.report.stored_runs import KEPT
from ml.lab.train.cli import each, parser_of
from ml.lab.train.config import Config, runs_folder

ROUNDS = 15


def main(arguments: list[str] | None = None) -> int:
    """Clock every network named; 0 when all were, 2 when one could not be."""
    chosen = parser_of("python -m ml.lab.report.timed", __doc__).parse_args(arguments)
    configs: list[Config] = []

    def act(config: Config, _folder: Path, _pictures: list[Picture]) -> None:
        configs.append(config)

    code = each(chosen.configs, chosen.profile, act)
    for config, ms in zip(configs, clocked(configs), strict=True):
        reports = [folder / config.key / "test.json" for folder in (runs_folder(), KEPT)]
        for report in filter(Path.exists, reports):
            _written(report, ms)
        print(f"{config.key}: {ms:.1f} ms", flush=True)
    return code


def clocked(configs: list[Config], *, rounds: int = ROUNDS) -> list[float]:
    """Median milliseconds of one picture on eager PyTorch, network by network; untrained, which takes as long."""
    rows = [run_row(config) for config in configs]
    modules: list[nn.Module] = [build(row.architecture, row.options).eval() for row in rows]
    pictures = [torch.rand(1, 1, row.size, row.size) for row in rows]
    spent: list[list[float]] = [[] for _ in rows]
    with torch.inference_mode():
        for number in range(rounds + 1):
            for module, picture, times in zip(modules, pictures, spent, strict=True):
                began = time.perf_counter()
                module(picture)
                if number:  # the first round warms up
                    times.append((time.perf_counter() - began) * 1000)
    return [median(times) for times in spent]


def _written(report: Path, ms: float) -> None:
    told = json.loads(report.read_text(encoding="utf-8"))
    told["about"]["ms"] = ms
    report.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
