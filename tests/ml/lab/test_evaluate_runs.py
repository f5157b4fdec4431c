"""Judging: any run, of any task, from its configuration to its report."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ml.cascade.networks import build
from ml.cascade.weights import manifest_read
from ml.lab.data import pictures_read
from ml.lab.evaluate.__main__ import main
from ml.lab.evaluate.cascade import cascade_report
from ml.lab.evaluate.format_comparison import decisions, flips_that_matter
from ml.lab.evaluate.pathway_routes import CONFIGS, configs_shipped, ways_through
from ml.lab.evaluate.question import Question
from ml.lab.evaluate.runs import RunNetwork, as_shipped, run_row, shipped_row
from ml.lab.evaluate.test_sets import judged_pictures, known_pictures
from ml.lab.report.timed import main as timed
from ml.lab.train.config import Config, config_read
from ml.lab.train.heads import Head
from tests.ml.lab.drawn_data import drawn_data
from tests.ml.lab.known import CASCADE, WEIGHTS

COMMON = """version = "1"
size = 64
batch = 8
epoch_pictures = 32
epochs = 1
minutes = 1
rate = 1e-3
seed = 5
table = "search"
"""
CLASSIFIER = f"""name = "drawn"
task = "classifier"
network = {{ architecture = "classifier", trunk = "plain-cnn", layers = {{ size = 64 }} }}
{COMMON}
[heads.modality]
read = "modality"
labels = ["CT", "MR", "US", "XR"]
[heads.tumour]
read = "finding"
labels = ["no_tumour", "tumour"]
[heads.scope]
labels = ["medical", "other"]
[options.sensitivity]
tumour = 0.9
"""
DETECTOR = f"""name = "drawn-detector"
task = "detector"
network = {{ architecture = "yolov5", scale = "n" }}
{COMMON}
[options]
label = "tumour"
sensitivity = 0.9
"""
SEGMENTER = f"""name = "drawn-segmenter"
task = "segmenter"
network = {{ architecture = "unet", width = 4 }}
{COMMON}
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_data(tmp_path_factory.mktemp("data"), each=30)


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("READROOM_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("READROOM_DATA_SET", str(data))
    return tmp_path / "runs"


def as_if_trained(folder: Path, text: str) -> Path:
    """Write a configuration, and a run whose network has fresh weights."""
    file = folder / f"{len(list(folder.glob('*.toml')))}.toml"
    file.write_text(text)
    config = config_read(file)
    config.folder.mkdir(parents=True)
    row = run_row(config)
    torch.manual_seed(3)
    torch.save(build(row.architecture, row.options).state_dict(), config.folder / "best.pt")
    (config.folder / "config.json").write_text(config.told())
    (config.folder / "epochs.csv").write_text("epoch,seconds,loss,score\n1,12,0.5,0.4\n2,25,0.4,0.5\n")
    return file


def report_of(file: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((config_read(file).folder / "test.json").read_text())
    return report


def test_a_classifier_of_any_questions_is_judged_from_its_run(tmp_path: Path, data: Path) -> None:
    file = as_if_trained(tmp_path, CLASSIFIER)
    assert main([str(file)]) == 0
    report, config = report_of(file), config_read(file)
    judged = known_pictures(config, pictures_read(data))
    assert report["headline"]["modality accuracy"]["n"] == len(judged) == 24
    counts = np.array([row[1:] for row in report["counts"]["tumour: rows are the truth"][1:]], int)
    assert counts.sum(1).tolist() == [6, 6]
    accuracy = report["headline"]["tumour accuracy"]
    assert accuracy["value"] == pytest.approx(np.trace(counts) / 12)
    assert accuracy["low"] < accuracy["value"] < accuracy["high"] or accuracy["value"] in (0, 1)
    assert {"tumour sensitivity", "tumour specificity", "tumour AUC", "medical pictures kept"} <= set(
        report["headline"]
    )
    assert {chart["title"] for chart in report["charts"]} >= {"tumour: ROC", "tumour: reliability", "modality: ROC"}
    about = report["about"]
    assert (about["epochs"], about["seconds"], about["form"], about["pictures_taught"]) == (2, 25, "pytorch", 72)
    assert about["config_digest"] == config.digest
    assert about["gflop"] > 0 < about["ms"]
    network = RunNetwork(config)
    assert about["parameters"] == sum(p.numel() for p in network._module.parameters())


def test_a_run_that_left_a_source_out_is_judged_on_all_of_it(tmp_path: Path, data: Path) -> None:
    file = as_if_trained(
        tmp_path, CLASSIFIER.replace("[heads.modality]", 'without = ["us_breast"]\n[heads.modality]', 1)
    )
    assert main([str(file)]) == 0
    headline = report_of(file)["headline"]
    assert headline["modality accuracy, sources never seen"]["n"] == 30
    assert headline["modality accuracy"]["n"] == 18
    config, pictures = config_read(file), pictures_read(data)
    unseen = {p.path for p in judged_pictures(config, pictures)}
    assert unseen.isdisjoint(p.path for p in known_pictures(config, pictures))
    assert report_of(file)["about"]["without"] == ["us_breast"]


def test_a_detector_is_judged_from_its_run(tmp_path: Path) -> None:
    file = as_if_trained(tmp_path, DETECTOR)
    assert main([str(file)]) == 0
    report = report_of(file)
    assert report["headline"]["mAP50"]["n"] == 12
    assert report["headline"]["pictures flagged that show one"]["n"] == 6
    assert [chart["title"] for chart in report["charts"]] == ["FROC"]
    readings = next(t for t in report["tables"] if t["title"].startswith("Sensitivity at so many"))
    values = [figure["value"] for figure in readings["figures"].values()]
    assert values == sorted(values)


def test_a_segmenter_is_judged_from_its_run_by_four_numbers(tmp_path: Path) -> None:
    file = as_if_trained(tmp_path, SEGMENTER)
    assert main([str(file)]) == 0
    report = report_of(file)
    assert report["headline"]["Dice"]["n"] == report["headline"]["false outlines on pictures without one"]["n"] == 6
    assert report["headline"]["naive mean IoU"]["n"] == 12
    (chart,) = report["charts"]
    assert sum(share for _, share in chart["lines"]["pictures"]) == pytest.approx(1, abs=1e-3)


def test_what_was_not_trained_is_told_and_the_others_are_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    untrained = tmp_path / "untrained.toml"
    untrained.write_text(SEGMENTER.replace("drawn-segmenter", "never-trained"))
    trained = as_if_trained(tmp_path, SEGMENTER)
    assert main([str(untrained), str(trained)]) == 2
    assert "never-trained-1 has no weights yet; train it first." in capsys.readouterr().err
    assert (config_read(trained).folder / "test.json").exists()


def test_weights_of_another_network_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = as_if_trained(tmp_path, SEGMENTER)
    file.write_text(SEGMENTER.replace("width = 4", "width = 8"))
    assert main([str(file)]) == 2
    assert "do not fit its configuration" in capsys.readouterr().err


def test_flips_that_matter_are_right_answers_lost_and_modalities_changed(tmp_path: Path, data: Path) -> None:
    config = config_read(as_if_trained(tmp_path, CLASSIFIER))
    network = RunNetwork(config)
    ill = [p for p in known_pictures(config, pictures_read(data)) if p.finding == "tumour"][:3]
    before, now = np.array([1, 1, 0]), np.array([1, 0, 1])
    assert flips_that_matter(network, config, "tumour", before, now, ill).tolist() == [False, True, False]
    assert flips_that_matter(network, config, "modality", before, now, ill).tolist() == [False, True, True]
    detector = RunNetwork(config_read(as_if_trained(tmp_path, DETECTOR)))
    assert flips_that_matter(detector, config, "any box", before, now, ill).tolist() == [False, True, False]
    plain = [replace(p, boxes=(), mask="") for p in ill]
    assert not flips_that_matter(detector, config, "any box", before, now, plain).any()


def test_decisions_are_unsure_below_the_threshold(tmp_path: Path) -> None:
    config = config_read(as_if_trained(tmp_path, CLASSIFIER))
    network = RunNetwork(config)
    network.row = network.row.model_copy(update={"thresholds": {"tumour": 0.7, "scope": 0.7}})
    sure, unsure = [3.0, 0.0], [0.1, 0.0]
    outputs = {"tumour": np.array([sure, unsure], np.float32), "scope": np.array([sure, unsure], np.float32)}
    outputs["modality"] = np.array([[0, 1, 0, 0], [0, 0, 0, 9]], np.float32)
    decided = decisions(network, config, outputs)
    assert decided["tumour"].tolist() == [0, -1]
    assert decided["scope"].tolist() == [0, 1]
    assert decided["modality"].tolist() == [1, 3]


def test_every_way_to_a_finding_names_the_stages_that_must_go_right() -> None:
    ways = {way.end.stage.name: way for way in ways_through(CASCADE, configs_shipped())}
    before = {name: [step.stage.name for step in way.before] for name, way in ways.items()}
    assert before["tumour-boxes"] == ["gate", "modality", "mri-region"]
    assert before["fracture-boxes"] == ["gate", "modality", "xray-part"]
    assert ways["tumour-boxes"].wanted["region"] == ["brain"]


def test_the_cascade_is_judged_from_end_to_end(tmp_path: Path) -> None:
    folder = drawn_data(tmp_path / "few", each=5)
    report = cascade_report(folder, pictures_read(folder), weights=WEIGHTS, rounds=1)
    (table,) = [t for t in report.tables if t.title.endswith("Tumour detector")]
    alone = [figure.value for name, figure in table.figures.items() if name.endswith(" alone")]
    assert len(alone) == 4
    assert table.figures["product of all"].value == pytest.approx(np.prod(alone))
    found = table.figures["found from end to end, counted"]
    assert found.n == 1
    assert found.value <= table.figures["reached the last stage, counted"].value
    (rows,) = report.counts.values()
    assert [row[0] for row in rows[1:]] == ["MR", "US", "XR", "all"]


def test_grades_are_told_from_kinds() -> None:
    def graded(*labels: str) -> bool:
        empty = np.zeros((0, len(labels)))
        return Question("q", labels, [], empty, np.zeros(0, np.intp), 1.0, {}).is_graded

    assert graded("KL0", "KL1", "KL2", "KL3")
    assert not graded("normal", "benign", "malignant")


def test_the_row_of_a_run_has_the_outputs_of_its_network() -> None:
    heads = {"modality": Head(("CT", "MR"), "modality")}
    network = {"architecture": "classifier", "trunk": "plain-cnn", "layers": {"size": 64}}
    config = Config("x", "1", "classifier", 64, 8, 32, 1, 1.0, 1e-3, 5, network=network, heads=heads)
    row = run_row(config)
    answers = build(row.architecture, row.options).eval()(torch.zeros(1, 1, 64, 64))
    assert row.outputs == ["modality", "modality_map", "features"]
    assert len(answers) == len(row.outputs)


def test_what_ships_can_be_judged_under_the_version_that_ships() -> None:
    row = manifest_read(WEIGHTS)["fracture-detector"]
    config = replace(config_read(CONFIGS / "fracture-detector.toml"), version="99")
    assert shipped_row(config) is None
    assert shipped_row(as_shipped(config)) == row


@pytest.mark.parametrize("other", [{"name": "oracle"}, {"size": 32}])
def test_another_network_is_not_taken_for_what_ships(other: dict[str, Any]) -> None:
    config = config_read(CONFIGS / "fracture-detector.toml")
    with pytest.raises(ValueError, match="nothing of that name and input size ships"):
        as_shipped(replace(config, **other))


def test_networks_are_clocked_again_in_turns_and_nothing_else_of_a_report_changes(tmp_path: Path) -> None:
    file = as_if_trained(tmp_path, CLASSIFIER)
    assert main([str(file)]) == 0
    report = config_read(file).folder / "test.json"
    before = json.loads(report.read_text())
    before["about"]["ms"] = 1e9
    report.write_text(json.dumps(before))
    assert timed([str(file)]) == 0
    after = json.loads(report.read_text())
    assert 0 < after["about"].pop("ms") < before["about"].pop("ms")
    assert after == before
