"""Maps must depend on the weights that they explain, and point where a person drew; both checks can fail."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from ml.cascade.networks import build
from ml.lab.data import Picture, pictures_read, squares_read
from ml.lab.evaluate.examples import grid_drawn
from ml.lab.evaluate.explain import sanity_told
from ml.lab.evaluate.maps import Question, boxed_share, likeness, pointed, points_hit, weights_shuffled
from ml.lab.evaluate.report import Report
from tests.ml.lab.drawn_data import drawn_data
from tests.ml.lab.drawn_outliers import OPTIONS, ROW, network_taught, phantoms

SQUARES, TRUTH = phantoms(18, seed=5)
QUESTION = Question("modality", TRUTH)
GROUPS = [str(number) for number in range(len(TRUTH))]


class Edges(nn.Module):
    """A network whose "activation map" is its input, shrunk: it explains nothing of the network."""

    def __init__(self, *, flat: bool = False) -> None:
        super().__init__()
        self.inner, self.flat = build("classifier", OPTIONS).eval(), flat

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        logits, _, *others = self.inner(pictures)
        shown = F.adaptive_avg_pool2d(pictures, 8).repeat(1, 3, 1, 1)
        return (logits, torch.ones_like(shown) if self.flat else shown, *others)


def test_the_maps_of_a_network_change_with_its_weights() -> None:
    report = Report()
    assert sanity_told(report, network_taught(), ROW, SQUARES, QUESTION, GROUPS)
    assert report.headline["map of modality left when all layers are shuffled"].n == len(SQUARES)


@pytest.mark.parametrize("flat", [False, True])
def test_maps_that_do_not_depend_on_the_weights_fail(flat: bool) -> None:  # noqa: FBT001
    assert not sanity_told(Report(), Edges(flat=flat), ROW, SQUARES, QUESTION, GROUPS)


def test_shuffling_keeps_each_layers_numbers_and_begins_at_the_output() -> None:
    before, after = build("classifier", OPTIONS), build("classifier", OPTIONS)
    after.load_state_dict(before.state_dict())
    weights_shuffled(after, 0.0, last=2, seed=1)
    changed = {n for n, v in before.state_dict().items() if not torch.equal(v, after.state_dict()[n])}
    assert changed == {"heads.modality.weight", "heads.scope.weight"}
    for name in changed:
        first, second = (n.state_dict()[name].flatten().sort().values for n in (before, after))
        assert torch.equal(first, second)


def test_likeness_is_one_for_the_same_and_nothing_for_a_flat_map() -> None:
    rising = np.arange(16, dtype=np.float32).reshape(1, 4, 4)
    assert likeness(rising, rising) == [1]
    assert likeness(rising, rising**2) == pytest.approx([1])
    assert likeness(rising, -rising) == pytest.approx([-1])
    assert likeness(rising, np.zeros_like(rising)) == [0]


@pytest.fixture(scope="module")
def boxed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Picture]]:
    folder = drawn_data(tmp_path_factory.mktemp("data"))
    return folder, [p for p in pictures_read(folder) if p.boxes]


def test_a_map_of_the_bright_spot_points_into_its_box_and_one_of_a_corner_does_not(
    boxed: tuple[Path, list[Picture]],
) -> None:
    squares, placements = squares_read(boxed[0], boxed[1], size=64)
    bright = pointed(squares.astype(np.float32), 64)
    corner = np.zeros((len(squares), 8, 8), np.float32)
    corner[:, 0, 0] = 1

    assert points_hit(bright, boxed[1], placements).mean() > 0.9
    assert not points_hit(pointed(corner, 64), boxed[1], placements).any()
    assert pointed(corner, 64)[0].tolist() == [4, 4]


def test_a_blind_throw_hits_by_the_share_of_the_box(boxed: tuple[Path, list[Picture]]) -> None:
    picture = replace(boxed[1][0], boxes=((0, 0, 32, 32),))
    _, placements = squares_read(boxed[0], [picture], size=32)
    assert boxed_share([picture], placements) == pytest.approx([0.25])


def test_examples_show_map_and_box_and_nothing_of_the_picture(
    boxed: tuple[Path, list[Picture]], tmp_path: Path
) -> None:
    squares, placements = squares_read(boxed[0], boxed[1], size=32)
    grid_drawn(boxed[1], placements, np.zeros((len(squares), 8, 8), np.float32), tmp_path / "blank.png")
    grid_drawn(boxed[1], placements, squares.astype(np.float32), tmp_path / "grid.png")
    blank, told = (np.asarray(Image.open(tmp_path / f"{name}.png").convert("RGB")) for name in ("blank", "grid"))
    assert blank.shape[1] > 4 * 160
    assert (blank == 255).all(2).any(), "the drawn boxes"
    assert len(np.unique(blank[:64, :64].reshape(-1, 3), axis=0)) <= 4, "ground and box, and where they mix"
    assert (told != blank).any()
