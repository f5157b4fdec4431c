"""The gate lets known pictures pass, stops others by their features, and is itself checked by digest."""

import ast
import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import ml.lab.train
from ml.cascade.ood.model import GateModel, gate_read, gate_saved
from ml.cascade.operations import gate as gate_operation
from ml.cascade.weights import GateFile, ModelRow, WeightsError
from ml.lab.data import pictures_read
from ml.lab.evaluate.synthetic_ood_eval import UNSEEN
from ml.lab.ood.__main__ import gate_shipped
from ml.lab.ood.choose import Witnesses, gate_fitted, gate_limited, methods, witnesses
from ml.lab.ood.fit import fit
from ml.lab.train.config import Config
from ml.lab.train.heads import Head
from ml.lab.train.synthetic_ood_set import DERIVED, DRAWN
from tests.ml.lab.drawn_data import drawn_data
from tests.ml.lab.drawn_outliers import ROW, SIDE, PhantomNetwork, phantoms, strangers
from tests.ml.lab.known import KnownSorter, course_of, task_of

CONFIG = Config(
    name="phantoms", version="1", task="classifier", size=SIDE, batch=8, epoch_pictures=8, epochs=1, minutes=1,
    rate=1e-3, seed=1, heads={"modality": Head(("MR", "XR", "US"), "modality"), "scope": Head(("medical", "other"))},
)  # fmt: skip
MEDICAL = {"scope": {"medical": 0.99, "other": 0.01}}


@pytest.fixture(scope="module")
def known() -> tuple[Witnesses, NDArray[np.intp], Witnesses]:
    """What the taught network makes of training phantoms, with their labels, and of validation phantoms."""
    squares, labels = phantoms(90, seed=1)
    checked, _ = phantoms(60, seed=2)
    return witnesses(PhantomNetwork(), squares), labels, witnesses(PhantomNetwork(), checked)


@pytest.mark.parametrize("method", methods())
def test_unseen_drawings_are_farther_than_known_pictures(
    method: str, known: tuple[Witnesses, NDArray[np.intp], Witnesses]
) -> None:
    taught, labels, checked = known
    gate = gate_limited(gate_fitted(taught.features, labels, method=method), checked)
    tested = witnesses(PhantomNetwork(), phantoms(60, seed=3)[0])
    strange = witnesses(PhantomNetwork(), strangers(3, seed=4))

    assert (gate.score(tested.features) <= gate.threshold).mean() >= 0.8
    assert (gate.score(strange.features) > gate.threshold).mean() >= 0.9


def test_the_limit_keeps_the_stated_share_together_with_the_scope_head(
    known: tuple[Witnesses, NDArray[np.intp], Witnesses],
) -> None:
    taught, labels, checked = known
    count = len(checked.medical)
    doubted = replace(checked, medical=np.where(np.arange(count) == 0, 0.1, 0.9))
    gate = gate_limited(gate_fitted(taught.features, labels), doubted, least_medical=0.5, kept=0.9)
    passing = (gate.score(checked.features) <= gate.threshold) & (doubted.medical >= 0.5)

    assert passing.sum() == np.ceil(0.9 * count)


def test_an_unknown_way_of_measuring_and_too_few_pictures_are_refused() -> None:
    features = np.random.default_rng(0).random((20, 4)).astype(np.float32)
    with pytest.raises(ValueError, match="no gate is called 'crystal-ball'"):
        fit(features, np.zeros(20, np.intp), method="crystal-ball")
    with pytest.raises(ValueError, match="cannot be fitted on 2 pictures"):
        fit(features[:2], np.zeros(2, np.intp), method="neighbours")


def test_a_network_without_features_cannot_have_a_gate() -> None:
    network = PhantomNetwork()
    network.row = ROW.model_copy(update={"outputs": ROW.outputs[:-1]})
    with pytest.raises(ValueError, match="does not give its features"):
        witnesses(network, phantoms(3, seed=1)[0])


@pytest.fixture
def shipped(tmp_path: Path) -> tuple[ModelRow, Path]:
    """A gate fitted on drawn data by the command's own function, with the row that names it."""
    data = drawn_data(tmp_path / "data", each=30)
    told = gate_shipped(CONFIG, PhantomNetwork(), data, pictures_read(data), weights=tmp_path)
    return ROW.model_copy(update={"gate": GateFile.model_validate(told)}), tmp_path


def test_a_fitted_gate_is_read_as_it_was_written(shipped: tuple[ModelRow, Path]) -> None:
    row, folder = shipped
    gate = gate_read(row, folder)
    assert gate is not None
    assert row.gate is not None
    assert (folder / row.gate.file).stat().st_size < 4 << 20
    distances = gate.score(witnesses(PhantomNetwork(), phantoms(60, seed=2)[0]).features)
    assert (distances <= gate.threshold).mean() > 0.5
    assert gate.share_nearer(gate.threshold) == pytest.approx(0.95, abs=0.03)
    assert gate.share_nearer(1e9) == 1


def test_fitting_again_changes_nothing(shipped: tuple[ModelRow, Path]) -> None:
    row, folder = shipped
    again = gate_shipped(CONFIG, PhantomNetwork(), folder / "data", pictures_read(folder / "data"), weights=folder)
    assert row.gate == GateFile.model_validate(again)


def test_a_gate_with_one_changed_byte_is_refused(shipped: tuple[ModelRow, Path]) -> None:
    row, folder = shipped
    assert row.gate is not None
    file = folder / row.gate.file
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(WeightsError, match="sha256 differs"):
        gate_read(row, folder)


def test_a_gate_that_is_no_tensors_is_refused_though_its_digest_is_right(tmp_path: Path) -> None:
    (tmp_path / "odd").write_bytes(b"not tensors at all")
    digest = hashlib.sha256(b"not tensors at all").hexdigest()
    gate = GateFile(file="odd", sha256=digest, method="neighbours", threshold=1.0, rule="")
    with pytest.raises(WeightsError, match="cannot be read"):
        gate_read(ROW.model_copy(update={"gate": gate}), tmp_path)


def test_numbers_beyond_half_precision_are_not_written(tmp_path: Path) -> None:
    gate = GateModel("neighbours", {"bank": np.full((1, 2), 1e9, np.float32)}, np.zeros(101, np.float32), 1.0)
    with pytest.raises(ValueError, match="half precision"), np.errstate(over="ignore"):
        gate_saved(gate, tmp_path / "gate")


class GatedSorter(KnownSorter):
    """A sorter whose features lie at one end of a line, and whose gate knows the other."""

    def __init__(self, *, far: bool) -> None:
        super().__init__(MEDICAL)
        bank = np.eye(2, dtype=np.float32)[[0] * 5]
        self.gate: GateModel | None = GateModel(
            "neighbours", {"bank": bank}, np.linspace(0, 0.5, 101, dtype=np.float32), 0.4725
        )
        self._features = np.eye(2, dtype=np.float32)[int(far)]

    def run(self, batch: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Return what the test said, and the features."""
        return {**super().run(batch), "features": np.repeat(self._features[None], len(batch), axis=0)}


def test_a_far_picture_is_not_analysed_and_told_why() -> None:
    course = course_of()
    answer = gate_operation.run(task_of("gate", GatedSorter(far=True), course))

    assert (answer.status, answer.label, course.facts) == ("not_suitable", "other", {})
    assert answer.reason == (
        "It is unlike everything that the models learnt from: farther away than 100% of known pictures (limit 95%)."
    )


def test_a_near_picture_passes() -> None:
    course = course_of()
    assert gate_operation.run(task_of("gate", GatedSorter(far=False), course)).status == "done"
    assert course.facts == {"scope": "medical"}


def test_a_far_picture_whose_header_vouches_is_followed_and_told_without_a_contradiction() -> None:
    course = course_of(modality="MR")
    answer = gate_operation.run(task_of("gate", GatedSorter(far=True), course))

    assert (answer.status, answer.contradiction, course.facts["scope"]) == ("done", False, "medical")
    assert "unlike everything" in str(answer.reason)
    assert course.contradictions == []


def test_what_judges_the_gate_never_trains_it() -> None:
    assert not set(UNSEEN) & (set(DRAWN) | set(DERIVED))
    for file in Path(str(ml.lab.train.__file__)).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            assert not (isinstance(node, ast.ImportFrom) and node.module == "ml.lab.evaluate.synthetic_ood_eval"), (
                file.name
            )
