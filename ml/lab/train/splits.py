"""Which pictures a run may see."""

from collections.abc import Sequence

from ml.lab.data import Picture, in_split
from ml.lab.train.config import Config


def seen(pictures: Sequence[Picture], config: Config, split: str) -> list[Picture]:
    """The pictures of a split without the collections that the run must never see."""
    return [p for p in in_split(pictures, split) if p.collection not in config.without]


def held_out(pictures: Sequence[Picture], config: Config) -> list[Picture]:
    """All pictures of the collections that the run never saw, of every split.

    But for those that it knows from elsewhere: collections borrow from each other, and a near-twin of a picture that
    was taught is no picture of an unseen source.
    """
    known = {p.group for p in pictures if p.collection not in config.without and p.split != "test"}
    return [p for p in pictures if p.collection in config.without and p.group not in known]
