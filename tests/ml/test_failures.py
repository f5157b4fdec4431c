"""The card shows what a sorter says of pictures that anybody has, right or wrong."""

from pathlib import Path

import numpy as np

from ml.evaluate.failures import COLUMNS, answers_drawn, samples
from ml.runtime import OpenvinoNetwork
from ml.weights import manifest_read

WEIGHTS = Path(__file__).resolve().parents[2] / "weights"


def test_every_bundled_picture_of_a_stated_modality_is_shown_once() -> None:
    shown = list(samples(64))
    assert {"CT", "MR"} <= {sample.stated for sample in shown}
    assert len({sample.square.tobytes() for sample in shown}) == len(shown) > 5


def test_answers_stand_below_their_pictures() -> None:
    row = manifest_read(WEIGHTS)["sorter"]
    shown = list(samples(row.size))[:COLUMNS]
    drawn = np.asarray(answers_drawn(OpenvinoNetwork(row, WEIGHTS), shown))
    pictures, words = drawn[:160], drawn[160:]
    assert all(pictures[:, left : left + 160].any() for left in range(0, pictures.shape[1], 166))
    assert all((words[:, left : left + 160] > 200).any() for left in range(0, words.shape[1], 166))
