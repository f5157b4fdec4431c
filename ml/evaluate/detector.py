"""Figures of a detector on the test split."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ml.data import Picture, in_split, squares_read
from ml.evaluate.answers import detections_answered
from ml.evaluate.metrics import (
    Boxes,
    Figure,
    average_precision,
    boxes_kept,
    grouped_interval,
    hits_of,
    mean_figure,
    share_figure,
)
from ml.evaluate.report import Report
from ml.runtime import Network
from ml.train.detector import boxes_in_square, usable

LEAST = 0.005  # boxes below this are not even counted for average precision


def detector_report(network: Network, folder: Path, pictures: list[Picture]) -> Report:
    """Judge a detector; its manifest row gives label and threshold."""
    (label,) = network.row.labels
    report, threshold = Report(), network.row.thresholds[label]
    judged = usable(pictures, label, "test")
    squares, places = squares_read(folder, judged, size=network.row.size)
    found = [boxes_kept(answer, least=LEAST) for answer in detections_answered(network, squares)]
    truth = [boxes_in_square(p, place) for p, place in zip(judged, places, strict=True)]
    _precision(report, judged, found, truth)
    sure = [boxes[boxes[:, 4] >= threshold] for boxes in found]
    _sensitivity(report, judged, sure, truth)
    _beside_chance(report, judged, sure, truth)
    _false_alarms(report, judged, sure)
    best = np.array([boxes[:, 4].max() if len(boxes) else 0.0 for boxes in found])
    _score_spread(report, judged, best)
    if label == "tumour":
        _undrawn(report, network, folder, pictures)
    return report


def _precision(report: Report, judged: list[Picture], found: list[Boxes], truth: list[Boxes]) -> None:
    table = report.table(
        "Average precision", "All test pictures, with and without; interval over groups.", percent=False
    )
    groups = [p.group for p in judged]
    for name, overlap in (("mAP50", 0.5), ("AP30", 0.3)):

        def figure(drawn: Sequence[int] | np.ndarray, overlap: float = overlap) -> float:
            return average_precision([found[i] for i in drawn], [truth[i] for i in drawn], overlap=overlap)

        low, high = grouped_interval(groups, figure, draws=300)
        table.figures[name] = Figure(figure(range(len(judged))), len(judged), low, high)
    report.headline["mAP50"] = table.figures["mAP50"]


def _sensitivity(report: Report, judged: list[Picture], sure: list[Boxes], truth: list[Boxes]) -> None:
    table = report.table("Found at the threshold", "Drawn boxes hit (by IoU), and pictures with any box.")
    owners = [p.group for p, boxes in zip(judged, truth, strict=True) for _ in boxes]
    for overlap in (0.5, 0.3):
        hit = [_boxes_hit(s, t, overlap=overlap) for s, t in zip(sure, truth, strict=True) if len(t)]
        table.figures[f"drawn boxes hit, IoU {overlap}"] = share_figure(np.concatenate(hit), owners)
    report.headline["boxes found, IoU 0.5"] = table.figures["drawn boxes hit, IoU 0.5"]
    positive = [i for i, p in enumerate(judged) if p.boxes]
    flagged = np.array([len(sure[i]) > 0 for i in positive])
    groups = [judged[i].group for i in positive]
    table.figures["pictures with any box"] = share_figure(flagged, groups)
    report.headline["pictures flagged that show one"] = table.figures["pictures with any box"]
    for part in sorted({judged[i].region or judged[i].collection for i in positive}):
        at = np.array([(judged[i].region or judged[i].collection) == part for i in positive])
        owners = [g for g, a in zip(groups, at, strict=True) if a]
        table.figures[f"pictures with any box: {part}"] = share_figure(flagged[at], owners)


def _beside_chance(report: Report, judged: list[Picture], sure: list[Boxes], truth: list[Boxes]) -> None:
    """Boxes that hit, beside the same boxes laid on the next picture that shows one: what place alone would give."""
    positive = [i for i, p in enumerate(judged) if p.boxes]
    following = [*positive[1:], positive[0]]
    owners = [judged[i].group for i in positive for _ in truth[i]]
    table = report.table("Better than chance?", "Drawn boxes hit, IoU 0.3, by own boxes and by another picture's.")
    for name, others in (("own boxes", positive), ("boxes of another picture", following)):
        hit = [_boxes_hit(sure[other], truth[i], overlap=0.3) for i, other in zip(positive, others, strict=True)]
        table.figures[name] = share_figure(np.concatenate(hit), owners)
    missing = np.array([float((~hits_of(sure[i], truth[i], overlap=0.3)).sum()) for i in positive])
    counts = report.table("Boxes that hit nothing", "Mean number on a picture that shows one, IoU 0.3.", percent=False)
    counts.figures["all"] = mean_figure(missing, [judged[i].group for i in positive])
    report.headline["boxes that hit nothing, a picture with one"] = counts.figures["all"]


def _boxes_hit(sure: Boxes, truth: Boxes, *, overlap: float) -> np.ndarray:
    """Which drawn boxes were hit: as many as there were hits (which of them does not matter)."""
    hits = int(hits_of(sure, truth, overlap=overlap).sum())
    return np.arange(len(truth)) < hits


def _false_alarms(report: Report, judged: list[Picture], sure: list[Boxes]) -> None:
    table = report.table("False alarms", "Test pictures without any drawn box: share that got none.")
    counts = report.table("False boxes", "Mean number of boxes on such a picture.", percent=False)
    negative = [i for i, p in enumerate(judged) if not p.boxes]
    names = ["all", *sorted({judged[i].collection for i in negative})]
    for name in names:
        at = [i for i in negative if name in ("all", judged[i].collection)]
        groups = [judged[i].group for i in at]
        table.figures[name] = share_figure(np.array([len(sure[i]) == 0 for i in at]), groups)
        boxes = np.array([float(len(sure[i])) for i in at])
        counts.figures[name] = mean_figure(boxes, groups)
    report.headline["pictures without one left clean"] = table.figures["all"]
    report.headline["false boxes a picture without one"] = counts.figures["all"]


def _score_spread(report: Report, judged: list[Picture], best: np.ndarray) -> None:
    """Highest probability in a picture, by source: does the network look for the source?"""
    rows = [["highest probability in a picture", "n", "10%", "median", "90%"]]
    for name in sorted({_kind(p) for p in judged}):
        at = np.array([_kind(p) == name for p in judged])
        low, middle, high = np.percentile(best[at], [10, 50, 90])
        rows.append([name, str(int(at.sum())), f"{low:.3f}", f"{middle:.3f}", f"{high:.3f}"])
    report.counts["Scores by source"] = rows


def _kind(picture: Picture) -> str:
    return f"{picture.collection}, {'with' if picture.boxes else 'without'} box"


def _undrawn(report: Report, network: Network, folder: Path, pictures: list[Picture]) -> None:
    """Brain pictures of another source: a tumour is there, but nobody drew where."""
    judged = [p for p in in_split(pictures, "test") if p.collection == "brain_types"]
    squares, _ = squares_read(folder, judged, size=network.row.size)
    threshold = network.row.thresholds["tumour"]
    answers = detections_answered(network, squares)
    flagged = np.array([answer[4].max() >= threshold for answer in answers])
    note = "brain_types, whose tumours were never used in training: share of pictures with any box."
    table = report.table("Another source", note)
    for finding in sorted({p.finding for p in judged}):
        at = np.array([p.finding == finding for p in judged])
        groups = [p.group for p in judged if p.finding == finding]
        table.figures[finding] = share_figure(flagged[at], groups)
