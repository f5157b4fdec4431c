"""The questions that a classifier learns, as its configuration declares them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ml.lab.data import Picture

#: No answer is known: the picture does not teach this question.
UNKNOWN = -1


@dataclass(frozen=True)
class Head:
    """One question: which pictures teach it, and what their rows say.

    Attributes
    ----------
    labels
        Answers, in the order of the network's output.
    read
        Column of the data's manifest that holds the answer; empty for a head that drawn outliers teach: every
        picture is then its first label, every drawing its second.
    where
        Column -> values: a picture teaches this head where all hold.
    means
        Word of the manifest -> label, where they differ; a key "collection/word" is for that collection alone.
    """

    labels: tuple[str, ...]
    read: str = ""
    where: Mapping[str, Sequence[str]] = field(default_factory=dict)
    means: Mapping[str, str] = field(default_factory=dict)

    def answer(self, picture: Picture) -> int:
        """Number of the label that a picture teaches, `UNKNOWN` where it teaches none."""
        if not self.read:
            return 0
        if any(getattr(picture, column) not in values for column, values in self.where.items()):
            return UNKNOWN
        word = getattr(picture, self.read)
        label = self.means.get(f"{picture.collection}/{word}", self.means.get(word, word))
        return self.labels.index(label) if label in self.labels else UNKNOWN


Heads = Mapping[str, Head]


def heads_read(declared: Mapping[str, Mapping[str, object]]) -> dict[str, Head]:
    """Make heads of a configuration's ``[heads.NAME]`` tables.

    Raises
    ------
    ValueError
        If a head has an unknown key or fewer than two labels.
    """
    heads = {}
    for name, values in declared.items():
        try:
            head = Head(**values)  # type: ignore[arg-type]  # Checked by the dataclass's own keys.
        except TypeError as error:
            raise ValueError(f"head {name}: {error}") from error
        if len(head.labels) < 2:
            raise ValueError(f"head {name}: a question needs two labels at least")
        heads[name] = Head(tuple(head.labels), head.read, head.where, head.means)
    return heads


def answers_table(pictures: Sequence[Picture], heads: Heads) -> Tensor:
    """Label numbers, shape (N, heads), `UNKNOWN` where a picture teaches a head nothing."""
    rows = [[head.answer(picture) for head in heads.values()] for picture in pictures]
    return torch.tensor(rows, dtype=torch.long).view(-1, len(heads))


def answers_outside(count: int, heads: Heads) -> Tensor:
    """Answers of drawn outliers: they teach the head without a column alone."""
    row = [UNKNOWN if head.read else 1 for head in heads.values()]
    return torch.tensor([row] * count, dtype=torch.long).view(-1, len(heads))


def teaching(pictures: Sequence[Picture], heads: Heads) -> list[Picture]:
    """The pictures that teach at least one head that is read from the manifest."""
    asked = [head for head in heads.values() if head.read]
    return [p for p in pictures if any(head.answer(p) != UNKNOWN for head in asked)]
