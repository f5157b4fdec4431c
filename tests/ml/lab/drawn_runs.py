"""A small folder of runs as training and judging leave them, with made-up figures, for the report on them."""

import csv
from pathlib import Path

import numpy as np
from PIL import Image

from ml.lab.evaluate.figures import Figure
from ml.lab.evaluate.report import Chart, Report, report_written
from ml.lab.report.collect import Gathered, gathered

CONFIG = """
name = "{name}"
version = "1"
task = "{task}"
table = "{table}"
size = 64
batch = 8
epoch_pictures = 64
epochs = 3
minutes = 1
rate = 1e-3
seed = 1
without = {without}
start = "{start}"
network = {{ architecture = "{network}" }}
"""
CONFIGS = {
    "classification/resnet18": ("classify-resnet18", "classifier", "classification", "resnet18", "[]", ""),
    "classification/vgg16": ("classify-vgg16", "classifier", "classification", "vgg16", "[]", ""),
    "detection/tumour": ("detect-tumour", "detector", "detection", "yolov5l", "[]", ""),
    "held-out/a": ("held-out-a", "classifier", "held-out", "resnet18", '["brain_masks"]', ""),
    "beyond/type": ("type", "classifier", "beyond", "unet", "[]", "classify-resnet18-1"),
    "transfer/type": ("fresh-type", "classifier", "transfer", "unet", "[]", ""),
}
SEARCH = 'name = "grid"\nof = "../classification/vgg16.toml"\ntrials = 2\n[choices]\nrate = [0.1, 0.2]\n'
PAPERS = """
[[figure]]
table = "classification"
row = "resnet18"
column = "modality accuracy"
value = 0.97
n = 500
paper = "A paper"
where = "Table 3"
url = "https://example.org/paper"

[[figure]]
table = "classification"
row = "vgg16"
column = "plane accuracy"
paper = "Another paper"
note = "not at hand"
"""
REASON = """
[[reason]]
table = "classification"
row = "resnet18"
column = "*"
text = "Other pictures."
"""
PAGES = [
    *("README", "held-out", "classification", "detection", "segmentation", "transfer", "beyond", "shipped"),
    *("search", "calibration", "explanations", "gate", "small-and-fast", "cascade"),
]


def figure(rng: np.random.Generator) -> Figure:
    """A share with an interval around it."""
    low, value, high = sorted(rng.uniform(0.3, 1, 3))
    return Figure(value, int(rng.integers(20, 900)), low, high)


def judged(rng: np.random.Generator, *names: str) -> Report:
    """A report with so many headline figures, a confusion matrix, a chart and a table that says how sure it was."""
    report = Report(headline={name: figure(rng) for name in names})
    report.table("Calibration", "After temperature.", percent=False).figures["modality ECE"] = figure(rng)
    report.table("By source", "Test split.").figures["brain|masks"] = figure(rng)
    report.counts["modality: rows are the truth"] = [["", "CT", "MR"], ["CT", "31", "2"], ["MR", "0", "47"]]
    line = [(x / 4, x * x / 16) for x in range(5)]
    report.charts.append(Chart("Reliability", "15 bins.", "said", "true", {"modality": line}, diagonal=True))
    report.about = {
        "architecture": "resnet18",
        "parameters": 11_200_000,
        "gflop": 1.25,
        "ms": 12.5,
        "bytes": 22_400_000,
    }
    return report


def run_written(folder: Path, report: Report | None, *, epochs: int = 3) -> None:
    """Leave a run as training does, and as judging does where there is a report."""
    folder.mkdir(parents=True)
    with (folder / "epochs.csv").open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(["epoch", "seconds", "loss", "score"])
        rows.writerows([number, 20 * number, 2 / number, 0.9 - 0.3 / number] for number in range(1, epochs + 1))
    if report is not None:
        report_written(report, folder / "test.json")


def drawn_runs(folder: Path, *, reasons: str = REASON) -> Gathered:
    """Write configurations, runs, words and weights; returns them read.

    The detector is trained only, vgg16 is not trained; all others are judged.
    """
    rng = np.random.default_rng(5)
    for place, (name, task, table, network, without, start) in CONFIGS.items():
        file = folder / "configs" / f"{place}.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        values = {"name": name, "task": task, "table": table, "network": network, "without": without, "start": start}
        file.write_text(CONFIG.format(**values))
    (folder / "configs" / "search").mkdir()
    (folder / "configs" / "search" / "grid.toml").write_text(SEARCH)
    runs = folder / "runs"
    run_written(runs / "classify-resnet18-1", judged(rng, "modality accuracy", "plane accuracy"))
    run_written(runs / "held-out-a-1", judged(rng, "modality accuracy, sources never seen"))
    for name in ("type-1", "fresh-type-1"):
        run_written(runs / name, judged(rng, "type accuracy"))
    report_written(judged(rng), runs / "type-1" / "explain.json")
    Image.new("L", (8, 8)).save(runs / "type-1" / "explain.png")
    run_written(runs / "detect-tumour-1", None)
    (runs / "detect-tumour-1" / "config.json").write_text('{"size": 64, "minutes": 99, "gone": 1}')
    (runs / "search-grid").mkdir()
    (runs / "search-grid" / "trials.csv").write_text("trial,score,rate\n1,0.9321,0.2\n0,0.7123,0.1\n")
    _words_written(folder, reasons)
    return gathered(configs=folder / "configs", runs=runs, weights=folder / "weights", words=folder / "said")


def _words_written(folder: Path, reasons: str) -> None:
    said = folder / "said"
    (said / "words").mkdir(parents=True)
    for page in PAGES:
        (said / "words" / f"{page}.md").write_text("Words, and {{classify-resnet18-1: modality accuracy}}.\n")
    (said / "papers.toml").write_text(PAPERS)
    (said / "reasons.toml").write_text(reasons)
    (folder / "weights").mkdir()
    (folder / "weights" / "manifest.json").write_text('{"models": []}')
    out = folder / "docs" / "models"
    out.mkdir(parents=True)
    for guest in ("papers", "sources"):
        (out / f"{guest}.md").write_text(f"# The {guest}\n\nBack to [the report](README.md).\n")
