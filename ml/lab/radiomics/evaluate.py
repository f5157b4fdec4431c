"""Figures of the road by features on the test split, beside those of the network on the same pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.cascade.boxes import ellipse_in
from ml.cascade.measurements.feature_model import FeatureModel, Reason
from ml.cascade.measurements.features import Features, Mask, features_of
from ml.cascade.runtime import Network
from ml.lab.data import Picture, squares_read
from ml.lab.evaluate.figures import mean_figure, share_figure
from ml.lab.evaluate.inference import classes_answered
from ml.lab.evaluate.question import Question
from ml.lab.evaluate.question_report import question_told
from ml.lab.evaluate.report import Report
from ml.lab.evaluate.test_sets import groups_at, subgroups
from ml.lab.radiomics.outlines import Outlined

Numbers = NDArray[np.intp]
Flags = NDArray[np.bool_]
#: What follows the name of a question in figures on boxes that a person drew: they are not what is served.
IN_DRAWN_BOXES = " in drawn boxes"
#: By so many pixels of the square outlines are moved, to see what hangs on their exact course.
MOVED = 2
#: So many reasons are told of an answer.
REASONS = 3


@dataclass(frozen=True, eq=False)
class Judged:
    """Outlined test pictures with what was measured of them.

    Attributes
    ----------
    measured
        None where there was no outline.
    truth
        Number of each picture's label.
    """

    outlined: Outlined
    measured: Sequence[Features | None]
    truth: Numbers

    @property
    def groups(self) -> list[str]:
        """Group of each picture."""
        return [picture.group for picture in self.outlined.pictures]

    @property
    def known(self) -> Numbers:
        """Numbers of the pictures of which something was measured."""
        return np.flatnonzero([features is not None for features in self.measured])

    def part(self, chosen: Numbers) -> "Judged":
        """Return these pictures alone."""
        own, whole = chosen.tolist(), self.outlined
        pictures, boxes = [whole.pictures[i] for i in own], [whole.boxes[i] for i in own]
        part = Outlined(pictures, whole.squares[chosen], whole.masks[chosen], boxes)
        return Judged(part, [self.measured[i] for i in own], self.truth[chosen])


def asked_told(report: Report, model: FeatureModel, judged: Judged, name: str) -> None:
    """Tell how many pictures get an outline, and all that is measured on those."""
    has = np.zeros(len(judged.truth), bool)
    has[judged.known] = True
    table = report.table(f"{name}: outlines", "Pictures on which there is an outline large enough to be measured.")
    table.figures["outlined"] = share_figure(has, judged.groups)
    for number, label in enumerate(model.labels):
        at = np.flatnonzero(judged.truth == number)
        table.figures[f"outlined: {label}"] = share_figure(has[at], groups_at(judged.groups, at))
    for part, at in subgroups(judged.outlined.pictures):
        table.figures[f"outlined: {part}"] = share_figure(has[at], groups_at(judged.groups, at))
    kept = judged.part(judged.known)
    logits, thresholds = model.logits(_all(kept.measured)), {name: model.threshold}
    pictures = kept.outlined.pictures
    question_told(
        report,
        Question(name, model.labels, pictures, logits, kept.truth, model.temperature, thresholds),
        suffix="",
    )
    report.headline[f"{name} outlined"] = table.figures["outlined"]


def beside_told(
    report: Report, model: FeatureModel, judged: Judged, name: str, network: Network, head: str, folder: Path
) -> None:
    """Tell the network's answers of the same pictures, those without an outline too.

    The network looks at whole pictures and has a fourth answer, "no tumour"; its first line leaves it the three.
    """
    logits = network_logits(network, folder, judged.outlined.pictures, head)
    labels = network.row.labels[head]
    places = [labels.index(label) for label in model.labels]
    three = logits[:, places].argmax(1) == judged.truth
    four = logits.argmax(1) == np.array(places)[judged.truth]
    features = right_by_features(model, judged)
    known = judged.known
    title = f"{name}: beside the network {network.row.name} {network.row.version}"
    note = (
        "Accuracy on the same pictures. The network has four answers, the features three; on pictures without an "
        "outline the features say nothing, which counts as wrong in the lines of all pictures."
    )
    table = report.table(title, note)
    for told, at in (("outlined pictures", known), ("all pictures", np.arange(len(judged.truth)))):
        groups = groups_at(judged.groups, at)
        table.figures[f"{told}: features"] = share_figure(features[at], groups)
        table.figures[f"{told}: network, its three answers"] = share_figure(three[at], groups)
        table.figures[f"{told}: network as it ships"] = share_figure(four[at], groups)
        less = mean_figure(features[at].astype(np.float64) - three[at], groups)
        table.figures[f"{told}: features less network"] = less
    report.headline[f"{name} accuracy, network, same pictures"] = table.figures[
        "outlined pictures: network, its three answers"
    ]
    report.headline[f"{name} accuracy, all pictures"] = table.figures["all pictures: features"]


def moved_told(report: Report, model: FeatureModel, judged: Judged, name: str) -> None:
    """Tell what becomes of the answers when the outlines are drawn wider, narrower, or roughly."""
    kept = judged.part(judged.known)
    plain, right = _said(model, kept.measured), right_by_features(model, kept)
    note = (
        f"Outlines grown and shrunk by {MOVED} pixels of the square, and an ellipse in the box instead of the outline. "
        "Pictures that had an outline; where none is left, that is wrong and changed."
    )
    table = report.table(f"{name}: other outlines", note)
    table.figures["accuracy, as outlined"] = share_figure(right, kept.groups)
    for told, masks in _others(kept.outlined).items():
        if np.array_equal(masks, kept.outlined.masks):
            continue
        measured = [features_of(square, mask) for square, mask in zip(kept.outlined.squares, masks, strict=True)]
        said = _said(model, measured)
        table.figures[f"accuracy, {told}"] = share_figure(said == kept.truth, kept.groups)
        table.figures[f"other answer, {told}"] = share_figure(said != plain, kept.groups)


def false_boxes_told(report: Report, model: FeatureModel, outlined: Outlined, name: str) -> None:
    """Tell what becomes of pictures without a lesion: the detector boxes some, and features know no "none"."""
    decisions = [model.decided(features) for features in outlined.measured()]
    groups = [picture.group for picture in outlined.pictures]
    boxed = np.array([box is not None for box in outlined.boxes])
    named = np.array([decision.label is not None for decision in decisions])
    at = np.flatnonzero(boxed)
    note = (
        "Test pictures without a tumour. The detector boxes some of them all the same; the features have no answer "
        "'none', and should abstain."
    )
    table = report.table(f"{name}: pictures without a tumour", note)
    table.figures["boxed all the same"] = share_figure(boxed, groups)
    table.figures["given a kind"] = share_figure(named, groups)
    given = share_figure(named[at], groups_at(groups, at))
    table.figures["of the boxed: given a kind"] = report.headline[f"{name} false boxes given a kind"] = given
    far = np.array([decision.is_far for decision in decisions])
    table.figures["of the boxed: unlike what it learnt from"] = share_figure(far[at], groups_at(groups, at))


def kept_told(report: Report, model: FeatureModel, judged: Judged, name: str) -> None:
    """Tell what is answered in the end: sure enough, and like what the model learnt from."""
    kept = judged.part(judged.known)
    decisions = [model.decided(features) for features in kept.measured]
    far = np.array([decision.is_far for decision in decisions])
    told = np.array([decision.label is not None for decision in decisions])
    right, at = right_by_features(model, kept), np.flatnonzero(told)
    table = report.table(f"{name}: answered in the end", "Sure enough, and not unlike what it learnt from.")
    table.figures["unlike what it learnt from"] = share_figure(far, kept.groups)
    table.figures["answered"] = report.headline[f"{name} answered"] = share_figure(told, kept.groups)
    told_right = share_figure(right[at], groups_at(kept.groups, at))
    table.figures["right among the answered"] = report.headline[f"{name} right when answered"] = told_right


def weights_told(report: Report, model: FeatureModel) -> None:
    """Tell what the model is: each kept feature with its weight for each label, the heaviest first."""
    weights = np.array(model.coefficients)
    order = np.argsort(-np.abs(weights).max(axis=0)).tolist()
    rows = [[model.names[i].replace("_", " "), *(f"{weight:+.2f}" for weight in weights[:, i])] for i in order]
    report.counts["Features kept, and their weights a standard deviation"] = [["feature", *model.labels], *rows]


def reasons_told(report: Report, model: FeatureModel, judged: Judged, name: str) -> None:
    """Tell what spoke most for the surest right and the surest wrong answer of each kind."""
    rows = [["kind", "said", "probability", "weightiest reasons: feature, value, part of the log odds"]]
    decisions = [model.decided(features) for features in judged.measured]
    right = right_by_features(model, judged)
    for number, label in enumerate(model.labels):
        for wanted in (True, False):
            at = [i for i in judged.known.tolist() if judged.truth[i] == number and right[i] == wanted]
            if at:
                surest = max((decisions[i] for i in at), key=lambda decision: decision.probability)
                why = f"rather than {surest.rather_than}: " + "; ".join(map(_reason, surest.reasons[:REASONS]))
                rows.append([label, surest.likeliest, f"{surest.probability:.0%}", why])
    report.counts[f"{name}: the surest right and wrong answers, and why"] = rows


def right_by_features(model: FeatureModel, judged: Judged) -> Flags:
    """Say whether the likeliest label is the true one; where nothing was measured, it is not."""
    return np.asarray(_said(model, judged.measured) == judged.truth)


def network_logits(network: Network, folder: Path, pictures: Sequence[Picture], head: str) -> NDArray[np.float64]:
    """Logits (N, C) of a classifier's head on whole pictures."""
    squares, _ = squares_read(folder, pictures, size=network.row.size)
    return classes_answered(network, squares)[head]


def _reason(reason: Reason) -> str:
    return f"{reason.name.replace('_', ' ')} {reason.value:.2f} ({reason.contribution:+.1f})"


def _said(model: FeatureModel, measured: Sequence[Features | None]) -> Numbers:
    """Number of the likeliest label, -1 where nothing was measured."""
    said = np.full(len(measured), -1, np.intp)
    at = np.flatnonzero([features is not None for features in measured])
    if len(at):
        said[at] = model.logits(_all([measured[i] for i in at.tolist()])).argmax(1)
    return said


def _all(measured: Sequence[Features | None]) -> list[Features]:
    return [features for features in measured if features is not None]


def _others(outlined: Outlined) -> dict[str, list[Mask]]:
    way = ndimage.generate_binary_structure(2, 1)
    return {
        "grown": [ndimage.binary_dilation(mask, way, MOVED) for mask in outlined.masks],
        "shrunk": [ndimage.binary_erosion(mask, way, MOVED) for mask in outlined.masks],
        "an ellipse": [ellipse_in(box, len(mask)) for mask, box in zip(outlined.masks, outlined.boxes, strict=True)],
    }
