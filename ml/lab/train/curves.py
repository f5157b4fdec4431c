"""Learning curves of a run, drawn from its table of epochs."""

import csv
from pathlib import Path

from matplotlib.figure import Figure


def curves_drawn(epochs: Path) -> Path:
    """Draw every column of epochs.csv over the epochs, the loss apart, into curves.svg beside it."""
    with epochs.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    figure = Figure(figsize=(8, 3), layout="constrained")
    left, right = figure.subplots(1, 2)
    over = [int(row["epoch"]) for row in rows]
    for name in [key for key in rows[0] if key not in {"epoch", "seconds"}]:
        axes = left if name == "loss" else right
        axes.plot(over, [float(row[name]) for row in rows], label=name, marker=".")
    for axes, title in ((left, "training"), (right, "validation")):
        axes.set(title=title, xlabel="epoch")
        axes.legend(fontsize="small")
    file = epochs.with_name("curves.svg")
    figure.savefig(file, metadata={"Date": None})
    return file
