"""Which pictures a configured network can be taught or judged by: those whose answer is known."""

from collections.abc import Sequence

from ml.lab.data import Picture
from ml.lab.train.config import Config
from ml.lab.train.detector import usable as boxed
from ml.lab.train.heads import teaching
from ml.lab.train.segmenter import usable as outlined


def asked(config: Config, pictures: Sequence[Picture], split: str) -> list[Picture]:
    """Pictures of a split that show what the network is asked about, or surely do not."""
    if config.heads:
        return teaching([p for p in pictures if p.split == split], config.heads)
    if config.task == "detector":
        return boxed(pictures, str(config.options["label"]), split)
    return [p for p in pictures if p.split == split and outlined(p)]
