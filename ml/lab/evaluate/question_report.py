"""Tables and charts of one question of a classifier."""

import numpy as np
from numpy.typing import NDArray

from ml.lab.evaluate.calibration import brier_figure, calibration_figure, error_by_chance, reliability_line
from ml.lab.evaluate.classes import (
    class_figures,
    confusion,
    kappa_figure,
    macro_figure,
    precision_recall_line,
    roc_line,
)
from ml.lab.evaluate.figures import Figure, auc_figure, macro_auc_figure, share_figure
from ml.lab.evaluate.question import Question
from ml.lab.evaluate.report import Chart, Report
from ml.lab.evaluate.test_sets import groups_at, subgroups
from ml.lab.evaluate.thresholds import softmax


def question_told(report: Report, question: Question, *, suffix: str) -> None:
    """Add all that is measured on one question; `suffix` follows the names of its headline figures."""
    _right(report, question, suffix)
    _each_class(report, question)
    _subgroups(report, question)
    _at_thresholds(report, question, suffix)
    _calibrated(report, question)
    _curves(report, question)


def accuracy(question: Question) -> Figure:
    """Share of the pictures whose likeliest class is the true one."""
    return share_figure(question.right, question.groups)


def _right(report: Report, question: Question, suffix: str) -> None:
    name, count = question.name, len(question.labels)
    table = report.table(f"{name}: answers", "Means over classes (macro) count a rare class as much as a common one.")
    table.figures["accuracy"] = accuracy(question)
    for measure in ("recall", "precision", "F1"):
        figure = macro_figure(measure, question.truth, question.said, count, question.groups)
        table.figures[f"macro {measure}"] = figure
    if count == 2:
        area = auc_figure(question.probabilities[:, 1], question.truth == 1, question.groups)
        table.figures[f"F1 of {question.labels[1]}"] = class_figures(
            1, question.truth, question.said, count, question.groups
        )["F1"]
    else:
        area = macro_auc_figure(question.probabilities, question.truth, question.groups)
    table.figures["AUC" if count == 2 else "AUC, each against the rest, mean"] = area
    f1 = table.figures.get(f"F1 of {question.labels[1]}", table.figures["macro F1"])
    report.headline |= {f"{name} accuracy{suffix}": table.figures["accuracy"], f"{name} F1{suffix}": f1}
    report.headline[f"{name} AUC{suffix}"] = area
    if question.is_graded:
        kappa = kappa_figure(question.truth, question.said, count, question.groups)
        table.figures["quadratic kappa"] = report.headline[f"{name} quadratic kappa{suffix}"] = kappa
    counts = confusion(question.truth, question.said, count)
    rows = [[label, *(str(number) for number in row)] for label, row in zip(question.labels, counts, strict=True)]
    report.counts[f"{name}: rows are the truth"] = [["", *question.labels], *rows]


def _each_class(report: Report, question: Question) -> None:
    note = "Recall over the pictures of the class, precision over those said to be it, AUC against the rest."
    table = report.table(f"{question.name}: by class", note)
    for number in question.shown:
        label = question.labels[number]
        figures = class_figures(number, question.truth, question.said, len(question.labels), question.groups)
        table.figures |= {f"{label}: {measure}": figure for measure, figure in figures.items()}
        area = auc_figure(question.probabilities[:, number], question.truth == number, question.groups)
        table.figures[f"{label}: AUC"] = area


def _subgroups(report: Report, question: Question) -> None:
    note = "Accuracy; subgroups of fewer than five pictures are left out."
    table = report.table(f"{question.name}: accuracy by subgroup", note)
    for name, at in subgroups(question.pictures):
        table.figures[name] = share_figure(question.right[at], groups_at(question.groups, at))


def _at_thresholds(report: Report, question: Question, suffix: str) -> None:
    least = question.thresholds.get(question.name)
    table = report.table(f"{question.name}: at the thresholds", "Thresholds chosen on the validation split.")
    if least is not None:
        passed = question.probabilities.max(1) >= least
        table.figures[f"answered (at {least:g})"] = share_figure(passed, question.groups)
        chosen = np.flatnonzero(passed)
        table.figures["right among the answered"] = share_figure(
            question.right[chosen], groups_at(question.groups, chosen)
        )
    for number, label in enumerate(question.labels):
        if label in question.thresholds:
            flagged = question.probabilities[:, number] >= question.thresholds[label]
            _flagged(report, question, flagged, number, suffix)


def _flagged(report: Report, question: Question, flagged: NDArray[np.bool_], number: int, suffix: str) -> None:
    """Sensitivity and specificity of a label that has a threshold of its own."""
    label, shows = question.labels[number], question.truth == number
    for name, at, hit in (("sensitivity", shows, flagged), ("specificity", ~shows, ~flagged)):
        chosen = np.flatnonzero(at)
        figure = share_figure(hit[chosen], groups_at(question.groups, chosen))
        told = f"{label}: {name} (at {question.thresholds[label]:g})"
        report.tables[-1].figures[told] = report.headline[f"{label} {name}{suffix}"] = figure


def _calibrated(report: Report, question: Question) -> None:
    before, after = softmax(question.logits), question.probabilities
    chance = error_by_chance(after.max(1))
    note = (
        f"Temperature {question.temperature:g}, from validation. Expected calibration error over 15 bins of equal "
        f"mass; a perfectly calibrated network would show {chance:.3f} on so few pictures. Brier: 0 best, 2 worst."
    )
    table = report.table(f"{question.name}: calibration", note, percent=False)
    chart = Chart(
        f"{question.name}: reliability", "Above the diagonal: too modest.", "probability", "share right", diagonal=True
    )
    for name, scores in (("before", before), ("after", after)):
        sure = scores.max(1)
        table.figures[f"ECE {name}"] = calibration_figure(sure, question.right, question.groups)
        table.figures[f"Brier {name}"] = brier_figure(scores, question.truth, question.groups)
        chart.lines[f"{name} temperature"] = reliability_line(sure, question.right)
    report.charts.append(chart)


def _curves(report: Report, question: Question) -> None:
    name = question.name
    chart = Chart(f"{name}: ROC", "Each class against the rest.", "false alarms", "sensitivity", diagonal=True)
    numbers = question.shown[-1:] if len(question.labels) == 2 else question.shown
    for number in numbers:
        scores, shows = question.probabilities[:, number], question.truth == number
        chart.lines[question.labels[number]] = roc_line(scores, shows)
    report.charts.append(chart)
    if len(question.labels) == 2 and numbers:
        line = precision_recall_line(question.probabilities[:, 1], question.truth == 1)
        chart = Chart(f"{name}: precision over recall", f"Of {question.labels[1]}.", "recall", "precision")
        chart.lines[question.labels[1]] = line
        report.charts.append(chart)
