"""What the commands over configurations share: ``python -m ml.something CONFIG... [--profile NAME]``."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from ml.cascade.weights import WeightsError
from ml.lab.data import Picture, data_folder, pictures_read
from ml.lab.train.config import PLAIN, Config, config_read

Act = Callable[[Config, Path, list[Picture]], None]


def parser_of(prog: str, description: str | None, *, needed: bool = True) -> argparse.ArgumentParser:
    """A parser that takes files of ml/lab/configs (none at all unless `needed`) and a profile."""
    parser = argparse.ArgumentParser(prog=prog, description=description)
    parser.add_argument("configs", type=Path, nargs="+" if needed else "*", help="files of ml/lab/configs")
    parser.add_argument("--profile", default=PLAIN, help=f'"{PLAIN}" (default) or "gpu": larger inputs, more epochs')
    return parser


def each(files: Sequence[Path], profile: str, act: Act) -> int:
    """Do something for every configuration, told of the pictures and their folder; one that fails stops no other.

    Returns
    -------
    int
        0 when all went well, 2 when one could not be done: why is told on stderr in a sentence.
    """
    torch.set_num_threads(os.cpu_count() or 1)
    code = 0
    try:
        folder = data_folder()
        pictures = pictures_read(folder)
    except (ValueError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 2
    for file in files:
        try:
            act(config_read(file, profile=profile), folder, pictures)
        except (ValueError, FileNotFoundError, WeightsError) as error:
            print(error, file=sys.stderr)
            code = 2
    return code
