"""A model's report as the evaluation writes it, counted from drawn answers: nobody's results, real arithmetic."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.webapp.scenes import pictures as drawn

LABELS = ("glioma", "meningioma", "pituitary", "none")


def figure(right: int, n: int) -> dict[str, float]:
    """Return a share with its Wilson interval."""
    share, z = right / n, 1.96
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return {"value": share, "n": n, "low": max(0.0, middle - reach), "high": min(1.0, middle + reach)}


def answers(n: int = 400, seed: int = 3) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the truth and the probabilities (n, labels) of a drawn classifier."""
    random = np.random.default_rng(seed)
    truth = random.integers(len(LABELS), size=n)
    logits = random.normal(size=(n, len(LABELS)))
    logits[np.arange(n), truth] += 2.4
    raised = np.exp(logits)
    return truth.astype(np.intp), raised / raised.sum(axis=1, keepdims=True)


def report(**changes: Any) -> dict[str, Any]:
    """Return a report in the form of `ml.lab.evaluate.report.Report`, with epochs."""
    truth, probabilities = answers()
    said = probabilities.argmax(axis=1)
    counts = [[int(((truth == row) & (said == column)).sum()) for column in range(4)] for row in range(4)]
    right = int((truth == said).sum())
    cuts = np.linspace(0, 1, 101)
    sick = truth != 3
    score = 1 - probabilities[:, 3]
    roc = [(float((score[~sick] >= cut).mean()), float((score[sick] >= cut).mean())) for cut in cuts]
    unknown = {"value": math.nan, "n": 0, "low": math.nan, "high": math.nan}
    groups = {f"source_{index}": figure(int((truth == said)[index::5].sum()), 80) for index in range(5)}
    return {
        "headline": {"accuracy": figure(right, 400), "accuracy, sources never seen": figure(214, 300)},
        "tables": [
            {"title": "By source", "note": "Test split.", "figures": {**groups, "empty": unknown}, "percent": True},
            {"title": "Calibration", "note": "Test split.", "figures": {"ECE": figure(12, 400)}, "percent": False},
        ],
        "counts": {"Tumour type, test split": [["", *LABELS], *([LABELS[i], *map(str, counts[i])] for i in range(4))]},
        "charts": [
            {
                "title": "ROC",
                "note": "Any tumour against none, test split, n = 400.",
                "x_title": "False alarms",
                "y_title": "Sensitivity",
                "lines": {"any tumour": roc},
                "diagonal": True,
            },
            {
                "title": "Reliability",
                "note": "Ten bins of equal mass.",
                "x_title": "Said",
                "y_title": "Was so",
                "lines": {"tumour type": [(x, min(1.0, x**1.2)) for x in np.linspace(0.2, 0.99, 10)]},
                "diagonal": True,
            },
        ],
        "about": {
            "architecture": "resnet18",
            "parameters": 11_170_000,
            "gflop": 1.19,
            "ms": 31.4,
            "epochs": 12,
            "seconds": 1490,
            "pictures_taught": 4210,
            "without": ["source_9"],
            "form": "int8",
        },
        "epochs": [
            {"epoch": str(n), "seconds": str(100 * n), "loss": f"{3 / n:.4f}", "score": f"{1 - 0.5 / n:.4f}"}
            for n in range(1, 13)
        ],
        **changes,
    }


def report_kept(weights: Path, name: str, **changes: Any) -> None:
    """Keep a report and two example pictures beside a model's weights."""
    (weights / f"{name}-1.json").write_text(json.dumps(report(**changes)))
    (weights / "pictures").mkdir(exist_ok=True)
    for words, pixels in (("found", drawn.brain(height=0.6, tumour=True)), ("false-alarm", drawn.brain(height=0.3))):
        Image.fromarray(pixels).save(weights / "pictures" / f"{name}-1-{words}.png")


def weights_reported(weights: Path, own: Path, name: str) -> Path:
    """Copy a list of models, keep a report for one of them, and return the copy's folder."""
    shutil.copytree(weights, own)
    report_kept(own, name)
    return own
