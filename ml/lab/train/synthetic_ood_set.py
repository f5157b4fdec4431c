"""Pictures that are no medical images of a known kind, drawn by rule.

No photographs may be had for training, so the sorter learns what lies outside from drawings
(outlier exposure, Hendrycks et al. 2019): scenes, pages, charts, screens, noise, blanks, medical
pictures cut into shuffled pieces, single details, two pictures joined into one, and pictures warped
until no anatomy is left: the last two stand for bodies that the network does not know.  The kinds in
`HELD_OUT` are never trained on; they judge, with more of `ml.lab.evaluate.synthetic_ood_eval`.
"""

from collections.abc import Callable

import numpy as np

from ml.cascade.prepare import square_of
from ml.lab.train import synthetic_ood as draw
from ml.lab.train.synthetic_ood import Grey

DRAWN: dict[str, Callable[[np.random.Generator, int], Grey]] = {
    "scene": draw.scene, "texture": draw.texture, "page": draw.page, "chart": draw.chart,
    "screen": draw.screen, "noise": draw.noise, "blank": draw.blank,
}  # fmt: skip
DERIVED: dict[str, Callable[[np.random.Generator, Grey], Grey]] = {
    "shuffled": draw.shuffled, "detail": draw.detail, "chimera": draw.chimera, "warped": draw.warped,
}  # fmt: skip
HELD_OUT: dict[str, Callable[[np.random.Generator, int], Grey]] = {
    "mosaic": draw.mosaic, "chessboard": draw.chessboard, "night": draw.night,
}  # fmt: skip
_SHARES = {"scene": 5, "texture": 2, "page": 2, "chart": 1, "screen": 2, "noise": 1, "blank": 1,
           "shuffled": 2, "detail": 2, "chimera": 2, "warped": 2}  # fmt: skip


def outliers_drawn(rng: np.random.Generator, *, count: int, side: int, medical: Grey) -> tuple[Grey, list[str]]:
    """Draw outliers for training.

    Parameters
    ----------
    medical
        Prepared medical pictures (N, side, side) to shuffle and to take details from.

    Returns
    -------
    pictures
        Shape (count, side, side).
    kinds
        The kind of each.
    """
    chances = np.array(list(_SHARES.values())) / sum(_SHARES.values())
    kinds = [str(kind) for kind in rng.choice(list(_SHARES), count, p=chances)]
    pictures = np.empty((count, side, side), np.uint8)
    for index, kind in enumerate(kinds):
        drawn = DRAWN[kind](rng, side) if kind in DRAWN else DERIVED[kind](rng, medical)
        pictures[index] = _prepared(rng, drawn)
    return pictures, kinds


def _prepared(rng: np.random.Generator, drawn: Grey) -> Grey:
    """Cut to a random shape and prepare like any picture that arrives."""
    side = drawn.shape[0]
    kept = max(8, int(side * rng.choice([1.0, rng.uniform(0.5, 1)])))
    cut = drawn[:kept] if rng.random() < 0.5 else drawn[:, :kept]
    return square_of(cut, size=side)
