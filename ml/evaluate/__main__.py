"""``python -m ml.evaluate CONFIG...``: measure shipped models on the test split.

Writes ``runs/<name>-<version>/test.json``, the headline figures into the manifest, and the tables
into the model's card.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import torch

from ml.data import Picture, data_folder, pictures_read
from ml.evaluate.detector import detector_report
from ml.evaluate.forms import forms_compared, headlines_compared, judged_pictures
from ml.evaluate.report import (
    WEIGHTS,
    Report,
    card_filled,
    headline_rows,
    markdown,
    report_written,
    row_stored,
)
from ml.evaluate.segmenter import segmenter_report
from ml.evaluate.sorter import sorter_report
from ml.runtime import Network, OpenvinoNetwork, TorchNetwork
from ml.train.config import Config, config_read
from ml.weights import manifest_read

REPORTS: dict[str, Callable[[Network, Path, list[Picture]], Report]] = {
    "classify": sorter_report,
    "detect": detector_report,
    "segment": segmenter_report,
}


def main(arguments: list[str] | None = None) -> int:
    """Measure every model named; 0 when all were, 2 when one could not be."""
    parser = argparse.ArgumentParser(prog="python -m ml.evaluate", description=__doc__)
    parser.add_argument("configs", type=Path, nargs="+", help="files of ml/configs")
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(2)
    try:
        folder = data_folder()
        pictures = pictures_read(folder)
        for path in chosen.configs:
            print(markdown(_measured(config_read(path), folder, pictures)), flush=True)
    except (ValueError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _measured(config: Config, folder: Path, pictures: list[Picture]) -> Report:
    row = manifest_read(WEIGHTS).get(config.name)
    if row is None:
        raise ValueError(f"{config.name} is not in the manifest; export it first.")
    served = OpenvinoNetwork(row, WEIGHTS)
    report = REPORTS[row.kind](served, folder, pictures)
    exact = TorchNetwork(row, WEIGHTS, device="cpu")
    headlines_compared(report, REPORTS[row.kind](exact, folder, pictures))
    forms_compared(report, served, exact, folder, judged_pictures(served, pictures))
    config.folder.mkdir(parents=True, exist_ok=True)
    report_written(report, config.folder / "test.json")
    row_stored(row.model_dump() | {"metrics": headline_rows(report)})
    card_filled(WEIGHTS / row.card, report)
    return report


if __name__ == "__main__":
    sys.exit(main())
