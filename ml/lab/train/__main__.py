"""``python -m ml.lab.train CONFIG...``: train networks, or go on where they were stopped."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

import torch

from ml.lab.data import Picture, data_digest, data_folder, pictures_read
from ml.lab.train.classifier import ClassifierTask
from ml.lab.train.config import PLAIN, Config, config_read
from ml.lab.train.dependency_order import in_order
from ml.lab.train.detector import DetectorTask
from ml.lab.train.loop import Task, train
from ml.lab.train.segmenter import SegmenterTask

TASKS: dict[str, Callable[[Config, Path, list[Picture]], Task]] = {
    "classifier": ClassifierTask,
    "segmenter": SegmenterTask,
    "detector": DetectorTask,
}


def main(arguments: list[str] | None = None) -> int:
    """Train what the configurations say, those first that others start from.

    Returns
    -------
    int
        0 when trained, 2 when a configuration or the data cannot be used.
    """
    parser = argparse.ArgumentParser(prog="python -m ml.lab.train", description=__doc__)
    parser.add_argument("configs", type=Path, nargs="+", help="files of ml/lab/configs")
    parser.add_argument("--profile", default=PLAIN, help='"cpu" (default) or "gpu": larger inputs, more epochs')
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="CPU threads (default: all)")
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(chosen.threads)
    try:
        configs = in_order([config_read(path, profile=chosen.profile) for path in chosen.configs])
        folder = data_folder()
        pictures = pictures_read(folder)
        for number, config in enumerate(configs, start=1):
            print(f"{number} of {len(configs)}: {config.key}, at most {config.minutes:g} min", flush=True)
            print(f"{config.key}: best weights in {_train(config, folder, pictures)}", flush=True)
    except (ValueError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _train(config: Config, folder: Path, pictures: list[Picture]) -> Path:
    if config.task not in TASKS:
        raise ValueError(f"no task is called {config.task!r}")
    config.folder.mkdir(parents=True, exist_ok=True)
    (config.folder / "data.sha256").write_text(data_digest(pictures))
    return train(TASKS[config.task](config, folder, pictures), config)


if __name__ == "__main__":
    sys.exit(main())
