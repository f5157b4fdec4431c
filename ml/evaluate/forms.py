"""The quantised form beside the exact one: what it changes and what it saves."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from ml.data import Picture, in_split, squares_read
from ml.evaluate.answers import answered, as_batch
from ml.evaluate.metrics import share_figure
from ml.evaluate.report import Report
from ml.runtime import Network

Outputs = dict[str, NDArray[np.float32]]


def forms_compared(report: Report, served: Network, exact: Network, folder: Path, judged: list[Picture]) -> None:
    """Add to a report: decisions that the quantised form changes, and milliseconds of both.

    Parameters
    ----------
    served, exact
        The same model as quantised OpenVINO and as eager PyTorch.
    judged
        Pictures to compare on.
    """
    squares, _ = squares_read(folder, judged, size=served.row.size)
    first, second = answered(served, squares), answered(exact, squares)
    table = report.table("Quantised beside exact", "Decisions that agree between the served int8 form and PyTorch.")
    groups = [p.group for p in judged]
    for name, same in agreements(served, first, second).items():
        table.figures[name] = share_figure(same, groups)
    rows = [["pictures at once", "int8, ms a picture", "PyTorch, ms a picture", "times as fast"]]
    for count in (1, 16):
        batch = as_batch(squares[:count])
        quick, slow = alternated(partial(served.run, batch), partial(exact.run, batch))
        rows.append([str(count), f"{quick / count:.1f}", f"{slow / count:.1f}", f"{slow / quick:.1f}"])
    report.counts["Speed, both in one run, in turns (ABBA)"] = rows


def agreements(served: Network, first: Outputs, second: Outputs) -> dict[str, NDArray[np.bool_]]:
    """For each decision of the model whether both forms decide alike, one value a picture."""
    row = served.row
    if row.kind == "classify":
        return {h: first[h].argmax(1) == second[h].argmax(1) for h in row.labels}
    (label,) = row.labels
    threshold = row.thresholds[label]
    if row.kind == "detect":
        flags = [outputs["boxes"][:, 4].max(1) >= threshold for outputs in (first, second)]
        return {"any box": flags[0] == flags[1]}
    logit = np.log(threshold / (1 - threshold))
    masks = [outputs["mask"][:, 0] >= logit for outputs in (first, second)]
    empty = [~m.any((1, 2)) for m in masks]
    changed = (masks[0] != masks[1]).mean((1, 2))
    return {"any pixel": empty[0] == empty[1], "99% of the pixels": changed <= 0.01}


def headlines_compared(report: Report, exact: Report) -> None:
    """Add the headline figures of the quantised form beside those of the exact one."""
    report.counts["Headline figures of both forms"] = [
        ["figure", "int8", "PyTorch", "n"],
        *(
            [name, f"{figure.value:.4f}", f"{exact.headline[name].value:.4f}", str(figure.n)]
            for name, figure in report.headline.items()
        ),
    ]


def alternated(first: Callable[[], object], second: Callable[[], object], *, rounds: int = 12) -> tuple[float, float]:
    """Median milliseconds of two actions, run in the order ABBA so that a drift hits both alike."""
    first(), second()
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for which in (0, 1, 1, 0):
            begin = time.perf_counter()
            (first, second)[which]()
            spent[which].append((time.perf_counter() - begin) * 1000)
    return median(spent[0]), median(spent[1])


def judged_pictures(network: Network, pictures: list[Picture]) -> list[Picture]:
    """Test pictures of the modality that a model is for."""
    wanted = {"classify": {"CT", "MR", "US", "XR"}, "segment": {"MR"}}.get(network.row.kind)
    if wanted is None:
        wanted = {"XR"} if "fracture" in network.row.labels else {"MR"}
    return [p for p in in_split(pictures, "test") if p.modality in wanted]
