"""Does the head that drawn outliers teach keep medical pictures and refuse others?"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ml.cascade.runtime import Network
from ml.lab.data import Picture
from ml.lab.evaluate.external_sets import held_out_drawings, library_pictures
from ml.lab.evaluate.figures import share_figure
from ml.lab.evaluate.inference import classes_answered
from ml.lab.evaluate.report import Report
from ml.lab.evaluate.thresholds import softmax
from ml.lab.train.synthetic_ood_set import outliers_drawn

Squares = NDArray[np.uint8]
#: Drawings of kinds that training drew as well, and of each kind that it never drew.
TRAINED, EACH = 400, 30
LIBRARY = "library sample pictures"


def scope_told(
    report: Report, network: Network, head: str, judged: list[Picture], scores: NDArray[np.float64], squares: Squares
) -> None:
    """Add what the head keeps and refuses at its threshold.

    Parameters
    ----------
    scores
        Its probabilities on the judged pictures, shape (N, 2).
    squares
        Those pictures as prepared, shape (N, S, S).
    """
    threshold = network.row.thresholds[head]
    kept = scores[:, 0] >= threshold
    table = report.table("Medical pictures kept as medical", "At the threshold, by source set.")
    table.figures["all"] = report.headline["medical pictures kept"] = share_figure(kept, [p.group for p in judged])
    for name in sorted({p.collection for p in judged}):
        at = np.array([p.collection == name for p in judged])
        table.figures[name] = share_figure(kept[at], [p.group for p in judged if p.collection == name])
    kinds, pictures, unseen = _outliers(network.row.size, squares)
    note = f"Never trained on: {', '.join(sorted(unseen))}."
    table = report.table("Other pictures refused", note)
    logits = classes_answered(network, pictures)[head]
    refused = softmax(logits, network.row.temperature.get(head, 1.0))[:, 0] < threshold
    for kind in dict.fromkeys(kinds):
        at = np.array([one == kind for one in kinds])
        table.figures[kind] = share_figure(refused[at], [str(number) for number in range(int(at.sum()))])
    report.headline["unseen library pictures refused"] = table.figures[LIBRARY]


def _outliers(side: int, medical: Squares) -> tuple[list[str], Squares, set[str]]:
    """Kind and square of every picture that should be refused, and the kinds that training never saw."""
    drawn, trained = outliers_drawn(np.random.default_rng(99), count=TRAINED, side=side, medical=medical)
    strange = list(_strange(side))
    kinds = [*sorted(trained), *(kind for kind, _ in strange)]
    order = sorted(range(len(trained)), key=lambda index: trained[index])
    return kinds, np.concatenate([drawn[order], np.stack([s for _, s in strange])]), {kind for kind, _ in strange}


def _strange(side: int) -> Iterator[tuple[str, Squares]]:
    yield from held_out_drawings(side, each=EACH, seed=98)
    yield from ((LIBRARY, square) for _, square in library_pictures(side))
