"""Does a detector find better than its habits would: the same boxes, laid on another picture?"""

from collections.abc import Sequence

import numpy as np

from ml.lab.data import Picture
from ml.lab.evaluate.detections import Boxes, drawn_hit, hits_of
from ml.lab.evaluate.figures import Figure, mean_figure, share_figure
from ml.lab.evaluate.report import Report

OVERLAP = 0.3


def beside_chance(report: Report, judged: Sequence[Picture], sure: Sequence[Boxes], truth: Sequence[Boxes]) -> Figure:
    """Add the drawn boxes hit by a picture's own boxes, and by those of the next picture that shows one.

    Parameters
    ----------
    sure, truth
        Boxes that reach the threshold, and drawn boxes; at least one picture shows one.

    Returns
    -------
    Figure
        Boxes that hit nothing, on a picture that shows one.
    """
    positive = [i for i, boxes in enumerate(truth) if len(boxes)]
    following = [*positive[1:], positive[0]]
    owners = [judged[i].group for i in positive for _ in truth[i]]
    note = f"Drawn boxes hit, IoU {OVERLAP}, by own boxes and by another picture's: what place alone would give."
    table = report.table("Better than chance?", note)
    for name, others in (("own boxes", positive), ("boxes of another picture", following)):
        hit = [drawn_hit(sure[other], truth[i], overlap=OVERLAP) for i, other in zip(positive, others, strict=True)]
        table.figures[name] = share_figure(np.concatenate(hit), owners)
    missing = np.array([float((~hits_of(sure[i], truth[i], overlap=OVERLAP)).sum()) for i in positive])
    title = "Boxes that hit nothing"
    counts = report.table(title, f"Mean number on a picture that shows one, IoU {OVERLAP}.", percent=False)
    counts.figures["all"] = mean_figure(missing, [judged[i].group for i in positive])
    return counts.figures["all"]
