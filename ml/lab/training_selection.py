"""Which pictures a configuration's model meets, and what it is asked about each."""

from collections.abc import Callable, Sequence

from ml.lab.data import SPLITS, Picture
from ml.lab.train.config import Config
from ml.lab.train.detector import usable as boxed
from ml.lab.train.heads import UNKNOWN, Head, teaching
from ml.lab.train.segmenter import usable as outlined
from ml.lab.train.splits import seen

#: Says what a picture answers to a question; empty where it answers nothing.
Answer = Callable[[Picture], str]


def taught(config: Config, pictures: Sequence[Picture]) -> list[Picture]:
    """The pictures that a model is taught with (train), chosen on (val) and judged on (test)."""
    return [picture for split in SPLITS for picture in _of_split(config, pictures, split)]


def questions(config: Config) -> dict[str, Answer]:
    """What a model is asked, by name."""
    if config.heads:
        return {name: _answer(head) for name, head in config.heads.items() if head.read}
    if config.task == "detector":
        return {str(config.options["label"]): lambda picture: "boxed" if picture.boxes else "none there"}
    return {"outline": lambda picture: "drawn" if picture.mask else "none there"}


def _of_split(config: Config, pictures: Sequence[Picture], split: str) -> list[Picture]:
    of_split = seen(pictures, config, split)
    if config.heads:
        return teaching(of_split, config.heads)
    if config.task == "detector":
        return boxed(of_split, config.options["label"], split)
    return [picture for picture in of_split if outlined(picture)]


def _answer(head: Head) -> Answer:
    def said(picture: Picture) -> str:
        number = head.answer(picture)
        return "" if number == UNKNOWN else head.labels[number]

    return said
