"""Figures of a segmenter, of any architecture."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.cascade.runtime import Network
from ml.lab.data import Picture, in_split, squares_read
from ml.lab.evaluate.figures import mean_figure, share_figure
from ml.lab.evaluate.inference import masks_answered
from ml.lab.evaluate.outlines import dice, four_numbers
from ml.lab.evaluate.report import Chart, Report
from ml.lab.evaluate.test_sets import groups_at, judged_pictures, subgroups, suffix_of, terciles
from ml.lab.train.config import Config
from ml.lab.train.detector import boxes_in_square
from ml.lab.train.segmenter import squares_and_outlines

Masks = NDArray[np.bool_]
STEPS = 20  # of the histogram of Dice


def segmenter_report(network: Network, config: Config, folder: Path, pictures: list[Picture]) -> Report:
    """Judge a segmenter; its row gives the pixel threshold."""
    report, suffix = Report(), suffix_of(config)
    threshold = network.row.thresholds["tumour"]
    judged = judged_pictures(config, pictures)
    squares, outlines = squares_and_outlines(folder, judged, config.size)
    said = masks_answered(network, squares) >= threshold
    _four(report, judged, said, outlines, suffix)
    drawn = np.flatnonzero(outlines.any((1, 2)))
    if len(drawn):
        _overlaps(report, [judged[i] for i in drawn], said[drawn], outlines[drawn])
    empty = np.setdiff1d(np.arange(len(judged)), drawn)
    _empties(report, [judged[i] for i in empty], said[empty])
    _boxed(report, network, config, folder, pictures)
    return report


def _four(report: Report, judged: list[Picture], said: Masks, outlines: Masks, suffix: str) -> None:
    numbers = four_numbers(said, outlines, [p.group for p in judged])
    note = (
        "One value a picture, in the network's square. The naive mean counts an empty picture rightly left empty as a "
        "perfect overlap: the more empty pictures, the better it looks."
    )
    table = report.table("Four numbers", note, percent=False)
    table.figures = {
        "Dice, pictures with an outline": numbers.dice,
        "IoU, pictures with an outline": numbers.overlap,
        "false outlines, share of the pictures without one": numbers.false,
        "naive mean IoU, all pictures": numbers.naive,
    }
    report.headline |= {f"Dice{suffix}": numbers.dice, f"IoU{suffix}": numbers.overlap}
    report.headline[f"false outlines on pictures without one{suffix}"] = numbers.false
    report.headline[f"naive mean IoU{suffix}"] = numbers.naive


def _overlaps(report: Report, judged: list[Picture], said: Masks, outlines: Masks) -> None:
    """How Dice spreads over the pictures with an outline, and over which of them."""
    groups = [p.group for p in judged]
    fits = np.array([dice(s, o) for s, o in zip(said, outlines, strict=True)], np.float64)
    touched = np.asarray((said & outlines).any((1, 2)))
    shares = report.table("Tumours touched", "Share of the pictures with an outline.")
    shares.figures["outline and answer share a pixel"] = share_figure(touched, groups)
    shares.figures["Dice at least 0.5"] = share_figure(fits >= 0.5, groups)
    table = report.table("Dice by subgroup", "Thirds by the outline's share of the picture; at least 5.", percent=False)
    for name, at in (*terciles(outlines.mean((1, 2))), *subgroups(judged)):
        table.figures[name] = mean_figure(fits[at], groups_at(groups, at))
    spread = np.percentile(fits, [10, 25, 50, 75, 90])
    report.counts["Dice by percentile of pictures"] = [
        ["10%", "25%", "50%", "75%", "90%"],
        [f"{value:.3f}" for value in spread],
    ]
    counts, edges = np.histogram(fits, STEPS, (0, 1))
    chart = Chart("Dice", f"Pictures with an outline, in steps of {1 / STEPS:g}.", "Dice", "share of pictures")
    middles = (edges[:-1] + edges[1:]) / 2
    chart.lines["pictures"] = [
        (round(float(x), 4), round(float(c) / len(fits), 4)) for x, c in zip(middles, counts, strict=True)
    ]
    report.charts.append(chart)


def _empties(report: Report, judged: list[Picture], said: Masks) -> None:
    table = report.table("Pictures without a tumour", "Share left wholly empty.")
    left = np.asarray(~said.any((1, 2)))
    sources = [p.collection for p in judged]
    table.figures["all"] = share_figure(left, [p.group for p in judged])
    for name in sorted(set(sources)):
        at = np.flatnonzero([source == name for source in sources])
        table.figures[name] = share_figure(left[at], [judged[i].group for i in at])


def _boxed(report: Report, network: Network, config: Config, folder: Path, pictures: list[Picture]) -> None:
    """Another source in three planes, whose tumours are boxed but not outlined."""
    judged = [p for p in in_split(pictures, "test") if p.collection == "brain_boxes" and p.boxes]
    if not judged:
        return
    squares, places = squares_read(folder, judged, size=config.size)
    said = masks_answered(network, squares) >= network.row.thresholds["tumour"]
    note = "brain_boxes, never used for the segmenter: share of pictures whose answer meets the drawn box."
    table = report.table("Another source, by plane", note)
    met = np.zeros(len(judged), bool)
    for index, (picture, place) in enumerate(zip(judged, places, strict=True)):
        x0, y0, x1, y1 = (round(v) for v in boxes_in_square(picture, place)[0])
        met[index] = said[index, y0:y1, x0:x1].any()
    table.figures["all"] = share_figure(met, [p.group for p in judged])
    report.headline["answer meets the drawn box, unseen source"] = table.figures["all"]
    for plane in sorted({p.plane for p in judged}):
        at = np.flatnonzero([p.plane == plane for p in judged])
        table.figures[plane or "plane not stated"] = share_figure(met[at], [judged[i].group for i in at])
