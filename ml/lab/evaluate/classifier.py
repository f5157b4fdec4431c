"""Figures of a classifier, whatever its questions."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.cascade.runtime import Network
from ml.lab.data import Picture, squares_read
from ml.lab.evaluate.external_sets import Unseen, dicom_slices
from ml.lab.evaluate.figures import share_figure
from ml.lab.evaluate.inference import classes_answered
from ml.lab.evaluate.ood_head import scope_told
from ml.lab.evaluate.question import questions_asked
from ml.lab.evaluate.question_report import accuracy, question_told
from ml.lab.evaluate.report import Report, Table
from ml.lab.evaluate.test_sets import judged_pictures, known_pictures, suffix_of
from ml.lab.evaluate.thresholds import softmax
from ml.lab.train.config import Config
from ml.lab.train.heads import Heads

#: Folders of DICOM files that are no series but single objects of many patients.
_ASSORTED = frozenset({"mixed", "pelvis_xray"})


def classifier_report(network: Network, config: Config, folder: Path, pictures: list[Picture]) -> Report:
    """Judge a classifier on the test split, or on all pictures of the collections that it never saw.

    Parameters
    ----------
    network
        Loaded with its row, whose temperatures and thresholds are used.
    """
    report, suffix = Report(), suffix_of(config)
    judged = judged_pictures(config, pictures)
    squares, _ = squares_read(folder, judged, size=config.size)
    logits = classes_answered(network, squares)
    for question in questions_asked(network, config.heads, judged, logits):
        question_told(report, question, suffix=suffix)
    if config.without:
        _known(report, network, config, folder, pictures)
    for name, head in config.heads.items():
        if not head.read and name in logits:
            scores = softmax(logits[name], network.row.temperature.get(name, 1.0))
            scope_told(report, network, name, judged, scores, squares)
    _unseen_files(report, network, config, folder)
    return report


def _known(report: Report, network: Network, config: Config, folder: Path, pictures: list[Picture]) -> None:
    """The same network on sources that it knew: what is lost elsewhere is lost by the source alone."""
    judged = known_pictures(config, pictures)
    if not judged:
        return
    squares, _ = squares_read(folder, judged, size=config.size)
    table = report.table("Accuracy on the sources it knew", "Test split of the collections that it was taught with.")
    for question in questions_asked(network, config.heads, judged, classes_answered(network, squares)):
        table.figures[question.name] = report.headline[f"{question.name} accuracy"] = accuracy(question)


def _unseen_files(report: Report, network: Network, config: Config, folder: Path) -> None:
    """DICOM files whose series nothing was cut from, where the classifier tells modality or plane."""
    asked = [name for name in ("modality", "plane") if name in config.heads]
    cut = set(config.options.get("cuts", [])) - set(config.without)
    slices = [s for s in dicom_slices(folder, config.size) if s.folder not in cut] if asked else []
    if not slices:
        return
    note = (
        "DICOM files of sources never trained on; the truth is the header's. The files of a folder count as one group "
        "where they are one series."
    )
    table = report.table("DICOM files never seen", note)
    logits = classes_answered(network, np.stack([one.square for one in slices]))
    for head in asked:
        _right_by_folder(table, head, config.heads, slices, logits[head])
        _all_folders(report, head, config.heads, slices, logits[head])


def _right_by_folder(
    table: Table, head: str, heads: Heads, slices: Sequence[Unseen], logits: NDArray[np.float64]
) -> None:
    for name in sorted({one.folder for one in slices}):
        at = [i for i, one in enumerate(slices) if one.folder == name and getattr(one, head) in heads[head].labels]
        if at:
            right, groups = _right(head, heads, slices, logits, at)
            table.figures[f"{name}: {head} right"] = share_figure(right, groups)


def _all_folders(
    report: Report, head: str, heads: Heads, slices: Sequence[Unseen], logits: NDArray[np.float64]
) -> None:
    at = [i for i, one in enumerate(slices) if getattr(one, head) in heads[head].labels]
    if at:
        name = f"{head} accuracy, unseen DICOM"
        report.headline[name] = share_figure(*_right(head, heads, slices, logits, at))


def _right(
    head: str, heads: Heads, slices: Sequence[Unseen], logits: NDArray[np.float64], at: Sequence[int]
) -> tuple[NDArray[np.bool_], list[str]]:
    said = [heads[head].labels[number] for number in logits[list(at)].argmax(1)]
    right = np.array([word == getattr(slices[i], head) for word, i in zip(said, at, strict=True)])
    return right, [_patient(slices[i]) for i in at]


def _patient(one: Unseen) -> str:
    """Whole series are one patient; the files of a mixed folder are many."""
    return one.name if one.folder in _ASSORTED else one.folder
