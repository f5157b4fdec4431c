"""Figures of a detector, of any label and architecture."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.cascade.runtime import Network
from ml.lab.data import Picture, in_split, squares_read
from ml.lab.evaluate.detections import FALSE_BOXES, OVERLAPS, Boxes, Ranking, boxes_kept, drawn_hit, ranked
from ml.lab.evaluate.downsample import thinned
from ml.lab.evaluate.figures import Figure, mean_figure, share_figure
from ml.lab.evaluate.inference import detections_answered
from ml.lab.evaluate.intervals import grouped_interval
from ml.lab.evaluate.permutation_baseline import beside_chance
from ml.lab.evaluate.report import Chart, Report
from ml.lab.evaluate.test_sets import groups_at, judged_pictures, subgroups, suffix_of, terciles
from ml.lab.train.config import Config
from ml.lab.train.detector import boxes_in_square

LEAST = 0.005  # boxes below this are not even counted for average precision
DRAWS = 300
MOST_FALSE = 10.0  # false boxes a picture up to which the FROC line is drawn


@dataclass(frozen=True)
class Detections:
    """What a detector found, beside what was drawn.

    Attributes
    ----------
    found
        For each picture rows x0, y0, x1, y1, probability, most probable first.
    sure
        Those that reach the threshold.
    truth
        Drawn boxes, rows x0, y0, x1, y1.
    shares
        For each picture the part of its area that each drawn box takes.
    """

    pictures: list[Picture]
    found: list[Boxes]
    sure: list[Boxes]
    truth: list[Boxes]
    shares: list[NDArray[np.float64]]

    @property
    def groups(self) -> list[str]:
        """Group of each picture."""
        return [picture.group for picture in self.pictures]

    @property
    def positive(self) -> NDArray[np.intp]:
        """Numbers of the pictures with a drawn box."""
        return np.flatnonzero([len(boxes) > 0 for boxes in self.truth])

    @property
    def flagged(self) -> NDArray[np.bool_]:
        """Whether a picture has any box at the threshold."""
        return np.array([len(boxes) > 0 for boxes in self.sure], bool)


def detector_report(network: Network, config: Config, folder: Path, pictures: list[Picture]) -> Report:
    """Judge a detector; its row gives label and threshold."""
    label, suffix, report = str(config.options["label"]), suffix_of(config), Report()
    threshold = network.row.thresholds[label]
    judged = judged_pictures(config, pictures)
    squares, places = squares_read(folder, judged, size=config.size)
    found = [boxes_kept(answer, least=LEAST) for answer in detections_answered(network, squares)]
    truth = [boxes_in_square(p, place) for p, place in zip(judged, places, strict=True)]
    areas = [place.width * place.height * place.scale**2 for place in places]
    shares = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) / area for boxes, area in zip(truth, areas, strict=True)]
    sure = [boxes[boxes[:, 4] >= threshold] for boxes in found]
    seen = Detections(judged, found, sure, truth, shares)
    _precision(report, seen, suffix)
    _sensitivity(report, seen, suffix)
    _by_size(report, seen)
    if len(seen.positive):
        report.headline[f"boxes that hit nothing, a picture with one{suffix}"] = beside_chance(
            report, judged, sure, truth
        )
    _false_alarms(report, seen, suffix)
    _score_spread(report, seen)
    if label == "tumour":
        _undrawn(report, network, config, folder, pictures)
    return report


def _precision(report: Report, seen: Detections, suffix: str) -> None:
    """Average precision at several overlaps, and how many false boxes what sensitivity costs."""
    note = "All judged pictures, with and without a drawn box; all points of the line count; interval over groups."
    table = report.table("Average precision", note, percent=False)
    rankings = {overlap: ranked(seen.found, seen.truth, overlap=overlap) for overlap in (0.3, *OVERLAPS)}
    named = {"mAP50": [rankings[0.5]], "mAP50-95": [rankings[o] for o in OVERLAPS], "AP30": [rankings[0.3]]}
    for name, several in named.items():
        table.figures[name] = _mean_precision(several, seen.groups)
    report.headline |= {f"{name}{suffix}": table.figures[name] for name in ("mAP50", "mAP50-95")}
    title = "Sensitivity at so many false boxes a picture"
    table = report.table(title, "Share of the drawn boxes hit (IoU 0.5) where that many false boxes are borne.")
    for false_boxes in FALSE_BOXES:
        table.figures[f"{false_boxes:g}"] = _sensitivity_at(rankings[0.5], false_boxes, seen.groups)
    chart = Chart("FROC", "Over all thresholds.", "false boxes a picture", "share of drawn boxes hit")
    for overlap in (0.5, 0.3):
        false, hit = rankings[overlap].froc()
        shown = false <= MOST_FALSE
        chart.lines[f"IoU {overlap}"] = thinned(false[shown], hit[shown])
    report.charts.append(chart)


def _mean_precision(rankings: list[Ranking], groups: list[str]) -> Figure:
    def mean(drawn: NDArray[np.intp]) -> float:
        times = np.bincount(drawn, minlength=len(groups))
        return float(np.mean([ranking.precision(times) for ranking in rankings]))

    everyone = np.arange(len(groups))
    return Figure(mean(everyone), len(groups), *grouped_interval(groups, mean, draws=DRAWS))


def _sensitivity_at(ranking: Ranking, false_boxes: float, groups: list[str]) -> Figure:
    def share(drawn: NDArray[np.intp]) -> float:
        return ranking.sensitivity_at(false_boxes, np.bincount(drawn, minlength=len(groups)))

    interval = grouped_interval(groups, share, draws=DRAWS)
    return Figure(ranking.sensitivity_at(false_boxes), int(ranking.drawn.sum()), *interval)


def _sensitivity(report: Report, seen: Detections, suffix: str) -> None:
    table = report.table("Found at the threshold", "Drawn boxes hit (by IoU), and pictures with any box.")
    owners = [p.group for p, boxes in zip(seen.pictures, seen.truth, strict=True) for _ in boxes]
    for overlap in (0.5, 0.3):
        table.figures[f"drawn boxes hit, IoU {overlap}"] = share_figure(_hit(seen, overlap), owners)
    at = seen.positive
    table.figures["pictures with any box"] = share_figure(seen.flagged[at], groups_at(seen.groups, at))
    report.headline[f"boxes found, IoU 0.5{suffix}"] = table.figures["drawn boxes hit, IoU 0.5"]
    report.headline[f"pictures flagged that show one{suffix}"] = table.figures["pictures with any box"]
    table = report.table("Pictures flagged that show one, by subgroup", "Subgroups of fewer than five are left out.")
    for name, among in subgroups([seen.pictures[index] for index in at]):
        table.figures[name] = share_figure(seen.flagged[at[among]], groups_at(seen.groups, at[among]))


def _by_size(report: Report, seen: Detections) -> None:
    owners = [p.group for p, boxes in zip(seen.pictures, seen.truth, strict=True) for _ in boxes]
    hit = _hit(seen, 0.5)
    table = report.table("Drawn boxes hit, by size", "IoU 0.5, at the threshold; thirds by share of the picture.")
    for name, at in terciles(np.concatenate([np.zeros(0), *seen.shares])):
        table.figures[name] = share_figure(hit[at], groups_at(owners, at))


def _hit(seen: Detections, overlap: float) -> NDArray[np.bool_]:
    """Whether each drawn box was hit at the threshold."""
    hits = [drawn_hit(sure, truth, overlap=overlap) for sure, truth in zip(seen.sure, seen.truth, strict=True)]
    return np.concatenate([np.zeros(0, bool), *hits])


def _false_alarms(report: Report, seen: Detections, suffix: str) -> None:
    table = report.table("False alarms", "Judged pictures without any drawn box: share that got none.")
    counts = report.table("False boxes", "Mean number of boxes on such a picture.", percent=False)
    negative = np.setdiff1d(np.arange(len(seen.pictures)), seen.positive)
    sources = [seen.pictures[index].collection for index in negative]
    for name in ("all", *sorted(set(sources))):
        at = negative[[name in ("all", source) for source in sources]] if len(negative) else negative
        groups = groups_at(seen.groups, at)
        table.figures[name] = share_figure(~seen.flagged[at], groups)
        counts.figures[name] = mean_figure(np.array([float(len(seen.sure[i])) for i in at]), groups)
    report.headline[f"pictures without one left clean{suffix}"] = table.figures["all"]
    report.headline[f"false boxes a picture without one{suffix}"] = counts.figures["all"]


def _score_spread(report: Report, seen: Detections) -> None:
    """Highest probability in a picture, by source: does the network look for the source?"""
    best = np.array([boxes[:, 4].max() if len(boxes) else 0.0 for boxes in seen.found])
    kinds = np.array([f"{p.collection}, {'with' if p.boxes else 'without'} box" for p in seen.pictures])
    rows = [["highest probability in a picture", "n", "10%", "median", "90%"]]
    for name in sorted(set(kinds.tolist())):
        at = kinds == name
        low, middle, high = np.percentile(best[at], [10, 50, 90])
        rows.append([name, str(int(at.sum())), f"{low:.3f}", f"{middle:.3f}", f"{high:.3f}"])
    report.counts["Scores by source"] = rows


def _undrawn(report: Report, network: Network, config: Config, folder: Path, pictures: list[Picture]) -> None:
    """Brain pictures of another source: a tumour is there, but nobody drew where."""
    judged = [p for p in in_split(pictures, "test") if p.collection == "brain_types"]
    if not judged:
        return
    squares, _ = squares_read(folder, judged, size=config.size)
    threshold = network.row.thresholds["tumour"]
    flagged = np.array([answer[4].max() >= threshold for answer in detections_answered(network, squares)])
    note = "brain_types, whose tumours were never used in training: share of pictures with any box."
    table = report.table("Another source", note)
    for finding in sorted({p.finding for p in judged}):
        at = np.flatnonzero([p.finding == finding for p in judged])
        figure = share_figure(flagged[at], [judged[i].group for i in at])
        table.figures[finding] = figure
    ill = np.flatnonzero([p.finding != "no_tumour" for p in judged])
    figure = share_figure(flagged[ill], [judged[i].group for i in ill])
    report.headline["pictures flagged that show one, unseen source without boxes"] = figure
