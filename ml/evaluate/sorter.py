"""Figures of the sorter on the test split, and on pictures from outside."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.data import Picture, in_split, squares_read
from ml.evaluate.answers import classes_answered
from ml.evaluate.metrics import confusion, share_figure
from ml.evaluate.operating import softmax
from ml.evaluate.outside import dicom_slices, held_out_drawings, library_pictures
from ml.evaluate.report import Report
from ml.runtime import Network
from ml.train.outliers import DERIVED, DRAWN, outliers_drawn
from ml.train.sorter import LABELS, UNKNOWN, answers_table

Scores = dict[str, NDArray[np.float64]]
_QUESTIONS = [head for head in LABELS if head != "scope"]


def sorter_report(network: Network, folder: Path, pictures: list[Picture]) -> Report:
    """Judge a sorter.

    Parameters
    ----------
    network
        Loaded with its manifest row, whose temperatures and thresholds are used.
    """
    report = Report()
    judged = in_split(pictures, "test")
    squares, _ = squares_read(folder, judged, size=network.row.size)
    scores = probabilities(network, squares)
    _heads(report, network, judged, scores)
    _scope(report, network, judged, scores["scope"], squares)
    _unseen(report, network, folder)
    return report


def probabilities(network: Network, squares: NDArray[np.uint8]) -> Scores:
    """Calibrated probabilities (N, C) of every head."""
    logits = classes_answered(network, squares)
    return {h: softmax(values, network.row.temperature.get(h, 1.0)) for h, values in logits.items()}


def _heads(report: Report, network: Network, judged: list[Picture], scores: Scores) -> None:
    truth = answers_table(judged).numpy()
    right_table = report.table("Right answers on the test split", "Every picture that the head is for.")
    sure_table = report.table("Answered at the threshold", "Share of pictures whose top probability passes.")
    sure_right = report.table("Right among the answered", "Those that pass the threshold.")
    for column, head in enumerate(LABELS):
        if head == "scope":
            continue
        known = np.flatnonzero(truth[:, column] != UNKNOWN)
        groups = [judged[i].group for i in known]
        said, sure = scores[head][known].argmax(1), scores[head][known].max(1)
        right = said == truth[known, column]
        right_table.figures[head] = report.headline[f"{head} accuracy"] = share_figure(right, groups)
        passed = sure >= network.row.thresholds[head]
        sure_table.figures[head] = share_figure(passed, groups)
        kept_groups = [g for g, p in zip(groups, passed, strict=True) if p]
        sure_right.figures[head] = share_figure(right[passed], kept_groups)
        table = confusion(truth[known, column], said, len(LABELS[head]))
        labels = list(LABELS[head])
        rows = [[name, *(str(n) for n in table[i])] for i, name in enumerate(labels)]
        report.counts[f"{head}: rows are the truth"] = [["", *labels], *rows]


def _scope(
    report: Report,
    network: Network,
    judged: list[Picture],
    scores: NDArray[np.float64],
    squares: NDArray[np.uint8],
) -> None:
    threshold = network.row.thresholds["scope"]
    kept = scores[:, 0] >= threshold
    groups = [p.group for p in judged]
    table = report.table("Medical pictures kept as medical", "Test split, at the threshold, by source set.")
    table.figures["all"] = report.headline["medical pictures kept"] = share_figure(kept, groups)
    for name in sorted({p.collection for p in judged}):
        at = np.array([p.collection == name for p in judged])
        table.figures[name] = share_figure(kept[at], [p.group for p in judged if p.collection == name])
    side, rng = network.row.size, np.random.default_rng(99)
    drawn, kinds = outliers_drawn(rng, count=600, side=side, medical=squares)
    trained = list(zip(kinds, drawn, strict=True))
    held_out = list(held_out_drawings(side, each=60, seed=98))
    library = [("library sample pictures", square) for _, square in library_pictures(side)]
    refused = report.table(
        "Other pictures refused",
        "Kinds below the line were never trained on: " + ", ".join({k for k, _ in held_out}) + ", library samples.",
    )
    for kind in (*DRAWN, *DERIVED, *dict(held_out), "library sample pictures"):
        chosen = np.stack([s for k, s in [*trained, *held_out, *library] if k == kind])
        turned_away = probabilities(network, chosen)["scope"][:, 0] < threshold
        refused.figures[kind] = share_figure(turned_away, [str(i) for i in range(len(chosen))])
    report.headline["unseen library pictures refused"] = refused.figures["library sample pictures"]


def _unseen(report: Report, network: Network, folder: Path) -> None:
    # A test pattern ("OT") in a DICOM wrapper is no picture of a known kind.
    slices = [s for s in dicom_slices(folder, network.row.size) if s.modality in LABELS["modality"]]
    if not slices:
        return
    scores = probabilities(network, np.stack([s.square for s in slices]))
    note = (
        "DICOM files of sources never trained on; the truth is the header's. A whole series is one patient, so these "
        "intervals over slices are too narrow; the outermost slices of a head volume hold hardly more than noise."
    )
    table = report.table("Unseen source", note)
    for folder_name in sorted({s.folder for s in slices}):
        at = [i for i, s in enumerate(slices) if s.folder == folder_name]
        kept = scores["scope"][at, 0] >= network.row.thresholds["scope"]
        table.figures[f"{folder_name}: kept as medical"] = share_figure(kept, _own(at))
        for head, truth in (("modality", "modality"), ("plane", "plane")):
            known = [i for i in at if getattr(slices[i], truth) in LABELS[head]]
            if known:
                said = [LABELS[head][k] for k in scores[head][known].argmax(1)]
                right = np.array([a == getattr(slices[i], truth) for a, i in zip(said, known, strict=True)])
                table.figures[f"{folder_name}: {head} right"] = share_figure(right, _own(known))
    known = [i for i, s in enumerate(slices) if s.modality in LABELS["modality"]]
    said = [LABELS["modality"][k] for k in scores["modality"][known].argmax(1)]
    right = np.array([a == slices[i].modality for a, i in zip(said, known, strict=True)])
    folders = [slices[i].folder for i in known]
    report.headline["modality accuracy, unseen DICOM"] = share_figure(right, folders)


def _own(indices: list[int]) -> list[str]:
    return [str(i) for i in indices]
