"""``python -m ml.lab.evaluate.failures CONFIG...``: sample pictures with what a sorter says of them, for its card.

The pictures that it was taught and tested with may not be handed on, so the ones shown are those that pydicom bundles:
nobody's training, small, odd, and mostly hard.  All of them are shown, whatever the answer.  Writes
``weights/pictures/<name>-<version>-says-of-the-samples-of-pydicom.png``.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from pydicom.data.data_manager import DATA_ROOT

from ml.cascade.prepare import square_of
from ml.cascade.runtime import Network
from ml.dicomio.errors import Refused
from ml.dicomio.series import facts_read, slices_stream
from ml.lab.data import Picture
from ml.lab.evaluate.inference import classes_answered
from ml.lab.evaluate.report import WEIGHTS
from ml.lab.evaluate.runs import network_judged
from ml.lab.evaluate.thresholds import softmax
from ml.lab.train.cli import each, parser_of
from ml.lab.train.config import Config

QUESTION = "modality"
COLUMNS, _TILE, _FOOT, _GAP = 4, 160, 36, 6
#: Words of the header that state no modality.
_SILENT = {"", "OT"}
#: Left out: a person's name is burned into them.
_NAMED = {"examples_jpeg2k.dcm", "examples_rgb_color.dcm", "examples_ybr_color.dcm"}
_ALIKE = {"CR": "XR", "DX": "XR", "RG": "XR"}


@dataclass(frozen=True)
class Sample:
    """A bundled picture, prepared, and the modality that its header states."""

    square: NDArray[np.uint8]
    stated: str


def samples(size: int, folder: Path = Path(DATA_ROOT) / "test_files") -> Iterator[Sample]:
    """Every bundled DICOM picture of a stated modality, each once in whatever syntax it comes."""
    seen = set()
    for file in sorted(set(folder.glob("*.dcm")) - {folder / name for name in _NAMED}):
        try:
            grey = next(slices_stream([file])).grey
            stated = facts_read(file).words.get(QUESTION, "")
        except Refused:
            continue
        square = square_of(grey, size=size)
        if stated not in _SILENT and square.tobytes() not in seen:
            seen.add(square.tobytes())
            yield Sample(square, _ALIKE.get(stated, stated))


def answers_drawn(network: Network, shown: list[Sample]) -> Image.Image:
    """Draw the samples, each with the header's word and the network's below it."""
    logits = classes_answered(network, np.stack([sample.square for sample in shown]))
    chances = softmax(logits[QUESTION], network.row.temperature.get(QUESTION, 1.0))
    labels = network.row.labels[QUESTION]
    rows = -(-len(shown) // COLUMNS)
    grid = Image.new("RGB", (COLUMNS * (_TILE + _GAP), rows * (_TILE + _FOOT + _GAP)), "black")
    for number, (sample, chance) in enumerate(zip(shown, chances, strict=True)):
        left, top = number % COLUMNS * (_TILE + _GAP), number // COLUMNS * (_TILE + _FOOT + _GAP)
        grid.paste(Image.fromarray(sample.square).resize((_TILE, _TILE)), (left, top))
        said = labels[int(chance.argmax())]
        verdict = "right" if said == sample.stated else "WRONG" if sample.stated in labels else "never taught"
        words = f"header {sample.stated}\nsays {said} {chance.max():.0%}, {verdict}"
        ImageDraw.Draw(grid).multiline_text((left + 4, top + _TILE + 2), words, fill="white", font_size=12)
    return grid


def main(arguments: list[str] | None = None) -> int:
    """Draw for every classifier of modalities named; 0 when all were, 2 when one could not be."""
    chosen = parser_of("python -m ml.lab.evaluate.failures", __doc__).parse_args(arguments)
    return each(chosen.configs, chosen.profile, _kept)


def _kept(config: Config, folder: Path, pictures: list[Picture]) -> None:
    if QUESTION not in config.heads:
        raise ValueError(f"{config.key} is not asked for the modality")
    file = WEIGHTS / "pictures" / f"{config.key}-says-of-the-samples-of-pydicom.png"
    file.parent.mkdir(exist_ok=True)
    network = network_judged(config, folder, pictures)
    answers_drawn(network, list(samples(config.size))).save(file, optimize=True)
    print(f"{config.key}: {file.name}")


if __name__ == "__main__":
    sys.exit(main())
