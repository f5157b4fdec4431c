"""Figures of the segmenter on the test split."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.data import Picture, in_split, squares_read
from ml.evaluate.answers import masks_answered
from ml.evaluate.metrics import dice, intersection_over_union, mean_figure, share_figure
from ml.evaluate.report import Report
from ml.runtime import Network
from ml.train.detector import boxes_in_square
from ml.train.segmenter import squares_and_outlines, usable

Masks = NDArray[np.bool_]


def segmenter_report(network: Network, folder: Path, pictures: list[Picture]) -> Report:
    """Judge a segmenter; its manifest row gives the pixel threshold."""
    report, threshold = Report(), network.row.thresholds["tumour"]
    judged = [p for p in in_split(pictures, "test") if usable(p)]
    squares, outlines = squares_and_outlines(folder, judged, network.row.size)
    said = masks_answered(network, squares) >= threshold
    drawn = np.array([outline.any() for outline in outlines])
    _overlaps(report, [p for p in judged if p.mask], said[drawn], outlines[drawn])
    _empties(report, judged, said, drawn)
    _boxed(report, network, folder, pictures)
    return report


def _overlaps(report: Report, judged: list[Picture], said: Masks, outlines: Masks) -> None:
    note = "Test pictures with a drawn outline, one value a picture, in the network's square."
    table = report.table("Overlap with the drawn outline", note, percent=False)
    groups = [p.group for p in judged]
    pairs = list(zip(said, outlines, strict=True))
    fits = np.array([dice(s, o) for s, o in pairs])
    table.figures["Dice, mean"] = mean_figure(fits, groups)
    table.figures["IoU, mean"] = mean_figure(np.array([intersection_over_union(s, o) for s, o in pairs]), groups)
    report.headline["Dice on pictures with a tumour"] = table.figures["Dice, mean"]
    spread = np.percentile(fits, [10, 25, 50, 75, 90])
    report.counts["Dice by percentile of pictures"] = [
        ["10%", "25%", "50%", "75%", "90%"],
        [f"{value:.3f}" for value in spread],
    ]
    shares = report.table("Tumours touched", "Share of those pictures.")
    touched = np.array([bool((s & o).any()) for s, o in pairs])
    shares.figures["outline and answer share a pixel"] = share_figure(touched, groups)
    shares.figures["Dice at least 0.5"] = share_figure(fits >= 0.5, groups)


def _empties(report: Report, judged: list[Picture], said: Masks, drawn: NDArray[np.bool_]) -> None:
    table = report.table("Pictures without a tumour", "Share left wholly empty.")
    for name in ("all", *sorted({p.collection for p, d in zip(judged, drawn, strict=True) if not d})):
        at = [i for i, p in enumerate(judged) if not drawn[i] and name in ("all", p.collection)]
        empty = np.array([not said[i].any() for i in at])
        table.figures[name] = share_figure(empty, [judged[i].group for i in at])
    report.headline["pictures without a tumour left empty"] = table.figures["all"]


def _boxed(report: Report, network: Network, folder: Path, pictures: list[Picture]) -> None:
    """Another source in three planes, whose tumours are boxed but not outlined."""
    judged = [p for p in in_split(pictures, "test") if p.collection == "brain_boxes" and p.boxes]
    squares, places = squares_read(folder, judged, size=network.row.size)
    said = masks_answered(network, squares) >= network.row.thresholds["tumour"]
    note = "brain_boxes, never used for the segmenter: share of pictures whose answer meets the drawn box."
    table = report.table("Another source, by plane", note)
    met = []
    for picture, place, mask in zip(judged, places, said, strict=True):
        x0, y0, x1, y1 = (round(v) for v in boxes_in_square(picture, place)[0])
        met.append(bool(mask[y0:y1, x0:x1].any()))
    flags = np.array(met)
    for plane in sorted({p.plane for p in judged}):
        at = np.array([p.plane == plane for p in judged])
        groups = [p.group for p in judged if p.plane == plane]
        table.figures[plane or "plane not stated"] = share_figure(flags[at], groups)
