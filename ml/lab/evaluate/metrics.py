"""The estimators, all behind one door; each lives in a module of its own."""

from ml.lab.evaluate.calibration import brier_figure, calibration_error, calibration_figure, reliability_line
from ml.lab.evaluate.classes import confusion, f1s, macro_figure, precision_recall_line, precisions, recalls, roc_line
from ml.lab.evaluate.detections import Boxes, average_precision, boxes_kept, hits_of, overlap_matrix, ranked
from ml.lab.evaluate.figures import Figure, auc_figure, macro_auc_figure, mean_figure, share_figure
from ml.lab.evaluate.intervals import grouped_interval, share_interval, wilson_interval
from ml.lab.evaluate.outlines import dice, four_numbers, intersection_over_union

__all__ = [
    "Boxes",
    "Figure",
    "auc_figure",
    "average_precision",
    "boxes_kept",
    "brier_figure",
    "calibration_error",
    "calibration_figure",
    "confusion",
    "dice",
    "f1s",
    "four_numbers",
    "grouped_interval",
    "hits_of",
    "intersection_over_union",
    "macro_auc_figure",
    "macro_figure",
    "mean_figure",
    "overlap_matrix",
    "precision_recall_line",
    "precisions",
    "ranked",
    "recalls",
    "reliability_line",
    "roc_line",
    "share_figure",
    "share_interval",
    "wilson_interval",
]
