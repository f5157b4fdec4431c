"""``python -m ml.train CONFIG``: train one network, or go on where it was stopped."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import torch

from ml.data import Picture, data_digest, data_folder, pictures_read
from ml.train.config import Config, config_read
from ml.train.detector import DetectorTask
from ml.train.loop import Task, train
from ml.train.segmenter import SegmenterTask
from ml.train.sorter import SorterTask

TASKS: dict[str, Callable[[Config, Path, list[Picture]], Task]] = {
    "sorter": SorterTask,
    "segmenter": SegmenterTask,
    "detector": DetectorTask,
}


def main(arguments: list[str] | None = None) -> int:
    """Train what the configuration says.

    Returns
    -------
    int
        0 when trained, 2 when the configuration or the data cannot be used.
    """
    parser = argparse.ArgumentParser(prog="python -m ml.train", description=__doc__)
    parser.add_argument("config", type=Path, help="a file of ml/configs")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default 2)")
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(chosen.threads)
    try:
        config = config_read(chosen.config)
        print(f"{config.name}: best weights in {_train(config)}")
    except (ValueError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _train(config: Config) -> Path:
    folder = data_folder()
    pictures = pictures_read(folder)
    config.folder.mkdir(parents=True, exist_ok=True)
    (config.folder / "data.sha256").write_text(data_digest(pictures))
    if config.task not in TASKS:
        raise ValueError(f"no task is called {config.task!r}")
    return train(TASKS[config.task](config, folder, pictures), config)


if __name__ == "__main__":
    sys.exit(main())
