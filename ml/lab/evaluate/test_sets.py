"""Which pictures judge a network, and into which groups they fall."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ml.lab.data import Picture
from ml.lab.train.config import Config
from ml.lab.train.eligibility import asked
from ml.lab.train.splits import held_out, seen

#: Follows the name of a figure that was measured on collections that the run never saw.
NEVER_SEEN = ", sources never seen"
#: A subgroup of fewer pictures is not told: its interval would say nothing.
LEAST = 5


def judged_pictures(config: Config, pictures: Sequence[Picture]) -> list[Picture]:
    """All pictures of the collections that a run never saw; the test split where it saw all.

    Raises
    ------
    ValueError
        If there are none.
    """
    chosen = known_pictures(config, pictures)
    if config.without:
        chosen = asked(config, [replace(p, split="test") for p in held_out(pictures, config)], "test")
    if not chosen:
        raise ValueError(f"No picture of the data judges {config.key}.")
    return chosen


def known_pictures(config: Config, pictures: Sequence[Picture]) -> list[Picture]:
    """Test pictures of the collections that a run saw in training."""
    return asked(config, seen(pictures, config, "test"), "test")


def suffix_of(config: Config) -> str:
    """What follows the name of a headline figure."""
    return NEVER_SEEN if config.without else ""


def subgroups(pictures: Sequence[Picture]) -> Iterator[tuple[str, NDArray[np.intp]]]:
    """Name and indices of every subgroup by source, part and plane that has enough pictures."""
    columns = {
        "source": [p.collection for p in pictures],
        "part": [f"{p.modality} {p.region}" if p.region else "" for p in pictures],
        "plane": [p.plane for p in pictures],
    }
    for column, words in columns.items():
        for word in sorted(set(words) - {""}):
            at = np.flatnonzero([one == word for one in words])
            if len(at) >= LEAST:
                yield f"{column}: {word}", at


def terciles(shares: NDArray[np.float64]) -> Iterator[tuple[str, NDArray[np.intp]]]:
    """Name and indices of the smallest, middle and largest third of lesions by their share of the picture."""
    if len(shares) < 3 * LEAST:
        return
    edges = np.percentile(shares, [0, 100 / 3, 200 / 3, 100])
    parts = np.searchsorted(edges[1:3], shares, side="left")
    for number, name in enumerate(("small", "middle", "large")):
        low, high = edges[number], edges[number + 1]
        yield f"{name}: {low:.1%} to {high:.1%} of the picture", np.flatnonzero(parts == number)


def groups_at(groups: Sequence[str], indices: NDArray[np.intp]) -> list[str]:
    """Groups of the pictures at these places."""
    return [groups[index] for index in indices]
