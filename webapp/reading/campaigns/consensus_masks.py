"""Outlines of one picture by several people: how far two overlap, and the one that is kept of those that agree."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from webapp.imaging.annotations.masks import Mask, mask_read, store_mask
from webapp.reading.reviews.agreement import dice


@lru_cache(maxsize=1 << 14)
def overlap_of(one: str, other: str) -> float:
    """Return the Dice of two kept outlines of one picture; they are named by their sha256, so it never changes.

    Raises
    ------
    webapp.imaging.annotations.masks.MaskError
        If one of them is not where it was kept.
    """
    return dice({"picture": mask_read(one)}, {"picture": mask_read(other)})


def store_consensus(outlines: Sequence[str]) -> str:
    """Keep what a set holds of outlines that agree, by their sha256; return its sha256, "" where there are none.

    Raises
    ------
    webapp.imaging.annotations.masks.MaskError
        If one of them is not where it was kept.
    """
    if len(set(outlines)) <= 1:
        return next(iter(outlines), "")
    return store_mask(consensus_of([mask_read(one) for one in outlines]))


def consensus_of(masks: Sequence[Mask]) -> Mask:
    """Return where at least half of the readers see something, shape (rows, columns) as each of them.

    Majority voting at 50 %, as the four readers of LIDC-IDRI (Armato et al., Med Phys 2011;38:915-931) are commonly
    joined. Of two readers, whose outlines overlap enough to agree, it keeps what either of them holds.
    """
    return np.asarray(2 * np.sum(masks, axis=0) >= len(masks), dtype=np.bool_)
