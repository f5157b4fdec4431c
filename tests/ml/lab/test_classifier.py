"""A classifier learns the questions that its configuration declares, from the pictures that it may see."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ml.lab.augment import curved, looked_closer, pictures_moved, shaded
from ml.lab.data import Picture, pictures_read
from ml.lab.train.classifier import ClassifierTask, drawing_weights, evened
from ml.lab.train.config import Config
from ml.lab.train.heads import UNKNOWN, Head, answers_outside, answers_table, heads_read, teaching
from ml.lab.train.loop import train
from ml.lab.train.splits import held_out, seen
from tests.ml.lab.drawn_data import drawn_data

HEADS = {
    "modality": Head(("CT", "MR", "US", "XR"), "modality"),
    "part": Head(("chest", "hand"), "region", {"modality": ["XR"]}),
    "lesion": Head(("none", "mass"), "finding", {"region": ["brain"]}, {"no_tumour": "none", "tumour": "mass"}),
    "scope": Head(("medical", "other")),
}
SMALL = Config(
    name="small", version="1", task="classifier", size=32, batch=16, epoch_pictures=128, epochs=5, minutes=60,
    rate=2e-3, seed=5, average=0.5, network={"architecture": "classifier", "trunk": "resnet18"}, heads=HEADS,
    options={"outlier_share": 0.25, "validation_outliers": 8},
)  # fmt: skip


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Picture]]:
    folder = drawn_data(tmp_path_factory.mktemp("data"))
    return folder, pictures_read(folder)


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("READROOM_RUNS", str(tmp_path))
    return tmp_path


def test_a_picture_teaches_only_the_heads_it_is_labelled_for(drawn: tuple[Path, list[Picture]]) -> None:
    brain, plain, chest, breast = drawn[1][:4]
    table = answers_table([brain, plain, chest, breast], HEADS).tolist()
    assert table == [[1, UNKNOWN, 1, 0], [1, UNKNOWN, 0, 0], [3, 0, UNKNOWN, 0], [2, UNKNOWN, UNKNOWN, 0]]
    assert answers_outside(2, HEADS).tolist() == [[UNKNOWN, UNKNOWN, UNKNOWN, 1]] * 2
    assert teaching([brain, chest, breast], {"part": HEADS["part"], "scope": HEADS["scope"]}) == [chest]


def test_a_word_may_mean_something_else_in_one_collection(drawn: tuple[Path, list[Picture]]) -> None:
    head = Head(("thorax", "chest"), "region", means={"xr_chest/chest": "thorax"})
    chest = drawn[1][2]
    assert head.answer(chest) == 0
    assert head.answer(replace(chest, path="images/other/1.png")) == 1


@pytest.mark.parametrize("declared", [{"labels": ["one"]}, {"labels": ["a", "b"], "reads": "plane"}])
def test_a_head_that_cannot_be_asked_is_refused(declared: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="head odd"):
        heads_read({"odd": declared})


def test_the_classifier_learns_from_every_picture_what_it_knows(drawn: tuple[Path, list[Picture]]) -> None:
    task = ClassifierTask(SMALL, *drawn)
    network = task.network()
    network.load_state_dict(torch.load(train(task, SMALL), weights_only=True))
    figures = task.validate(network.eval())
    assert figures["modality"] > 0.9
    assert figures["part"] == 1.0


def test_a_source_held_out_is_never_seen(drawn: tuple[Path, list[Picture]]) -> None:
    config = replace(SMALL, without=("us_breast",))
    task = ClassifierTask(config, *drawn)
    assert {p.collection for p in task.taught} == {"brain_masks", "brain_negatives", "xr_chest"}
    assert "us_breast" not in {p.collection for p in seen(drawn[1], config, "val")}
    judged = held_out(drawn[1], config)
    assert {p.collection for p in judged} == {"us_breast"}
    assert {p.split for p in judged} == {"train", "val", "test"}


def test_shuffled_labels_are_the_same_labels_elsewhere(drawn: tuple[Path, list[Picture]]) -> None:
    true = ClassifierTask(SMALL, *drawn).answers
    shuffled = ClassifierTask(replace(SMALL, options={**SMALL.options, "shuffled": True}), *drawn).answers
    assert not torch.equal(true, shuffled)
    assert sorted(true.tolist()) == sorted(shuffled.tolist())


def test_rare_strata_are_drawn_more_often(drawn: tuple[Path, list[Picture]]) -> None:
    pictures = [p for p in drawn[1] if p.collection != "us_breast"] + drawn[1][3:4]
    weights = drawing_weights(pictures, answers_table(pictures, HEADS), 0.5)
    assert weights.sum() == pytest.approx(1)
    assert weights[-1] == pytest.approx(weights[0] * 20**0.5)


def test_answers_of_an_even_head_are_drawn_equally_often(drawn: tuple[Path, list[Picture]]) -> None:
    task = ClassifierTask(replace(SMALL, options={**SMALL.options, "even": "modality"}), *drawn)
    modality = task.answers[:, 0].numpy()
    shares = [task.weights[modality == number].sum() for number in range(4)]
    assert shares == pytest.approx([0, 1 / 3, 1 / 3, 1 / 3])  # no CT is among the drawn


def test_pictures_without_an_answer_keep_their_chance() -> None:
    weights = np.array([0.1, 0.3, 0.2, 0.4])
    assert evened(weights, np.array([0, 1, 1, UNKNOWN])).tolist() == pytest.approx([0.3, 0.18, 0.12, 0.4])


def test_a_part_teaches_only_what_a_part_can_tell(drawn: tuple[Path, list[Picture]]) -> None:
    options = {**SMALL.options, "parts": {"share": 1.0, "heads": ["modality"]}}
    _, answers = next(iter(ClassifierTask(replace(SMALL, options=options), *drawn).batches(0)))
    inside, outside = answers[:12], answers[12:]
    assert (inside[:, 0] != UNKNOWN).all()
    assert (inside[:, 1:] == UNKNOWN).all()
    assert outside.tolist() == answers_outside(4, HEADS).tolist()


def test_who_looks_closer_sees_a_part_of_the_same_picture() -> None:
    generator = torch.Generator().manual_seed(3)
    ramp = torch.linspace(0.2, 1, 64).expand(1, 1, 64, 64).repeat(50, 1, 1, 1)
    whole = torch.eye(2, 3).repeat(50, 1, 1)
    chosen = torch.arange(50) % 2 == 0
    seen = pictures_moved(ramp, looked_closer(whole, chosen, generator))
    spread = seen[:, 0, 32].amax(1) - seen[:, 0, 32].amin(1)
    assert torch.allclose(spread[~chosen], torch.tensor(0.8), atol=0.02)
    assert bool((spread[chosen] > 0.8 * 0.33).all())
    assert bool((spread[chosen] < 0.8 * 0.77).all())
    assert float(seen[chosen].min()) >= 0.19, "nothing from outside the picture"


def test_an_epoch_is_the_same_whenever_it_is_drawn(drawn: tuple[Path, list[Picture]]) -> None:
    task = ClassifierTask(SMALL, *drawn)
    first, again, next_one = (next(iter(task.batches(epoch)))[0] for epoch in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, next_one)


def test_a_curve_keeps_the_order_of_grey_values_and_a_shade_only_darkens() -> None:
    ramp = torch.linspace(0, 1, 64 * 64).view(1, 1, 64, 64).repeat(8, 1, 1, 1)
    bent = curved(ramp, torch.Generator().manual_seed(1), share=1.0)
    assert bool((bent.flatten(1).diff(dim=1) >= -1e-6).all())
    assert torch.allclose(bent[..., 0, 0], torch.zeros(8, 1), atol=1e-6)
    assert torch.allclose(bent[..., -1, -1], torch.ones(8, 1), atol=1e-5)
    assert np.ptp(bent[:, 0, 32, 0].numpy()) > 0.05, "each picture has a curve of its own"
    dark = shaded(ramp, torch.Generator().manual_seed(1), share=1.0)
    assert bool((dark <= ramp + 1e-6).all())
    assert bool((dark >= ramp * 0.4 - 1e-6).all())
