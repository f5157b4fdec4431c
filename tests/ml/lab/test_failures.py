"""The card shows what a sorter says of pictures that anybody has, right or wrong."""

from pathlib import Path

import numpy as np

from ml.cascade.runtime import OpenvinoNetwork
from ml.cascade.weights import manifest_read
from ml.lab.evaluate.failures import COLUMNS, answers_drawn, samples

WEIGHTS = Path(__file__).resolve().parents[3] / "weights"


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
