"""The forms of one model beside each other: what the small ones change and what they save."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from ml.cascade.runtime import Network, Tensors
from ml.lab.data import Picture, squares_read
from ml.lab.evaluate.figures import share_figure
from ml.lab.evaluate.inference import answered, as_batch
from ml.lab.evaluate.report import Report
from ml.lab.evaluate.thresholds import softmax
from ml.lab.train.config import Config
from ml.lab.train.heads import UNKNOWN

Numbers = NDArray[np.intp]
Flags = NDArray[np.bool_]
#: A model that sorts by it sends a picture to another pathway: every change of it matters.
MODALITY = "modality"


@dataclass(frozen=True)
class Form:
    """One form of a model: "PyTorch", "int8", "pruned int8".

    Attributes
    ----------
    network
        With the temperatures and thresholds that it is served with.
    bytes
        On disk.
    report
        Its own figures.
    """

    name: str
    network: Network
    bytes: int
    report: Report


def forms_compared(
    report: Report, full: Form, others: Sequence[Form], config: Config, folder: Path, judged: list[Picture]
) -> None:
    """Add to a report what other forms of a model change beside the full one, and what they cost.

    Parameters
    ----------
    full
        The exact form, on eager PyTorch.
    judged
        Pictures on which decisions are compared.
    """
    squares, _ = squares_read(folder, judged, size=config.size)
    exact = answered(full.network, squares)
    rows = [["form", "MB", "ms, one", "ms a picture of 16", "times as fast", "decisions", "flipped", "that matter"]]
    groups = [picture.group for picture in judged]
    for form in others:
        given = answered(form.network, squares)
        table = report.table(f"{form.name} beside {full.name}", "Share of the decisions that stay the same.")
        flipped = matter = total = 0
        decided, before = decisions(form.network, config, given), decisions(full.network, config, exact)
        for name, now in decided.items():
            own = asked_of(config, name, judged)
            same = (now == before[name])[own]
            table.figures[name] = share_figure(same, [groups[index] for index in np.flatnonzero(own)])
            total += len(same)
            flipped += int((~same).sum())
            matter += int((flips_that_matter(form.network, config, name, before[name], now, judged) & own).sum())
        slow, quick = _timed(full.network, form.network, squares)
        if len(rows) == 1:
            rows.append([full.name, f"{full.bytes / 1e6:.2f}", f"{slow[0]:.1f}", f"{slow[1]:.1f}", "1", "-", "-", "-"])
        costs = [f"{form.bytes / 1e6:.2f}", f"{quick[0]:.1f}", f"{quick[1]:.1f}", f"{slow[0] / quick[0]:.1f}"]
        rows.append([form.name, *costs, str(total), str(flipped), str(matter)])
    report.counts["Forms: size, speed (in turns, ABBA, one run) and decisions flipped"] = rows
    report.counts["Headline figures of every form"] = _headlines(full, others)


def decisions(network: Network, config: Config, outputs: Tensors) -> dict[str, Numbers]:
    """What a model decides on each picture, by name: a class number or -1 for unsure, flagged 1 or not 0."""
    row = network.row
    if row.kind == "classify":
        heads = {head: np.asarray(outputs[head], np.float64) for head in row.labels}
        return {head: _class_decided(network, config, head, logits) for head, logits in heads.items()}
    (label,) = row.labels
    threshold = row.thresholds[label]
    if row.kind == "detect":
        return {"any box": np.asarray(outputs["boxes"][:, 4].max(1) >= threshold, np.intp)}
    logit = np.log(threshold / (1 - threshold))
    return {"any pixel": np.asarray((outputs["mask"][:, 0] >= logit).any((1, 2)), np.intp)}


def _class_decided(network: Network, config: Config, head: str, logits: NDArray[np.float64]) -> Numbers:
    row = network.row
    scores = softmax(logits, row.temperature.get(head, 1.0))
    least = row.thresholds.get(head, 0.0)
    if not config.heads[head].read:
        return np.asarray(scores[:, 0] < least, np.intp)
    return np.where(scores.max(1) >= least, scores.argmax(1), -1)


def flips_that_matter(
    network: Network, config: Config, name: str, before: Numbers, now: Numbers, judged: Sequence[Picture]
) -> Flags:
    """Which changed decisions could harm: a drawn finding loses its flag, a modality changes, right becomes wrong."""
    changed = now != before
    if network.row.kind != "classify":
        drawn = np.array([bool(p.boxes or p.mask) for p in judged])
        return np.asarray(changed & drawn & (before == 1))
    if name == MODALITY:
        return np.asarray(changed)
    truth = np.array([config.heads[name].answer(p) for p in judged])
    return np.asarray(changed & (truth != UNKNOWN) & (before == truth))


def asked_of(config: Config, name: str, judged: Sequence[Picture]) -> Flags:
    """Pictures about which a decision is asked: a question about X-rays is none about others, whatever the answer."""
    head = config.heads.get(name)
    wanted = head.where.get(MODALITY) if head else None
    return np.array([wanted is None or picture.modality in wanted for picture in judged], bool)


def _headlines(full: Form, others: Sequence[Form]) -> list[list[str]]:
    rows = [["figure", full.name, *(name for form in others for name in (form.name, "difference")), "n"]]
    for name, figure in full.report.headline.items():
        beside = [form.report.headline[name].value for form in others]
        cells = [cell for value in beside for cell in (f"{value:.4f}", f"{value - figure.value:+.4f}")]
        rows.append([name, f"{figure.value:.4f}", *cells, str(figure.n)])
    return rows


def _timed(full: Network, form: Network, squares: NDArray[np.uint8]) -> tuple[list[float], list[float]]:
    """Milliseconds a picture of both, for one picture and for sixteen at once."""
    slow, quick = [], []
    for count, rounds in ((1, 10), (16, 3)):
        batch = as_batch(squares[:count])
        first, second = alternated(partial(full.run, batch), partial(form.run, batch), rounds=rounds)
        slow.append(first / len(batch))
        quick.append(second / len(batch))
    return slow, quick


def alternated(first: Callable[[], object], second: Callable[[], object], *, rounds: int = 12) -> tuple[float, float]:
    """Median milliseconds of two calls, taken in turns so that both meet the machine in the same mood."""
    first(), second()
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for which in (0, 1, 1, 0):
            begin = time.perf_counter()
            (first, second)[which]()
            spent[which].append((time.perf_counter() - begin) * 1000)
    return median(spent[0]), median(spent[1])
