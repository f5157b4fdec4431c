"""The ways through the cascade: which stages must go right before one that finds or describes is asked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ml.cascade.pathways.declaration import Step
from ml.cascade.pathways.load import Cascade
from ml.lab.data import Picture, in_split
from ml.lab.train.config import Config, config_read
from ml.lab.train.detector import TARGETS
from ml.lab.train.detector import usable as boxed
from ml.lab.train.heads import UNKNOWN

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
ENDS = frozenset({"detect", "assess", "measure"})
Wanted = Callable[[Picture], str]


@dataclass(frozen=True)
class Way:
    """One stage that finds or describes, and how a series gets there.

    Attributes
    ----------
    before
        Stages that settle what `end` waits for, in running order.
    wanted
        Fact -> values with which `end` is asked.
    answer
        What `end` should say of a picture; empty where nobody knows, or where it should be silent.
    """

    before: tuple[Step, ...]
    end: Step
    wanted: Mapping[str, Sequence[str]]
    answer: Wanted

    def pictures(self, pictures: Sequence[Picture]) -> list[Picture]:
        """Test pictures that show what `end` should tell."""
        return [picture for picture in in_split(pictures, "test") if self.answer(picture)]


def ways_through(cascade: Cascade, configs: Mapping[str, Config]) -> list[Way]:
    """Every way whose end can be judged, because its answers are known of some pictures.

    Parameters
    ----------
    configs
        By name of the model.
    """
    ways = []
    for index, end in enumerate(cascade.steps):
        answer = _answer(end, cascade, configs) if end.stage.operation in ENDS else None
        if answer is not None:
            before, wanted = _before(end, cascade.steps[:index])
            ways.append(Way(before, end, wanted, answer))
    return ways


def _before(end: Step, earlier: Sequence[Step]) -> tuple[tuple[Step, ...], dict[str, Sequence[str]]]:
    """Stages that settle what `end` waits for, and with which values it, or one of them, is asked."""
    wanted: dict[str, Sequence[str]] = dict(end.when)
    chosen: list[Step] = []
    for step in reversed(earlier):
        # Two stages may write one fact (the part of an X-ray, the region of an MRI): the way has one of them.
        apart = any(set(values).isdisjoint(wanted.get(fact, values)) for fact, values in step.when.items())
        if step.stage.writes in wanted and not apart:
            chosen.insert(0, step)
            wanted = {**step.when, **wanted}
    return tuple(chosen), wanted


def _answer(end: Step, cascade: Cascade, configs: Mapping[str, Config]) -> Wanted | None:
    """What a stage should say of a picture; None where no configuration tells."""
    stage = end.stage
    if stage.finds is not None:
        label = stage.finds
        return None if label not in TARGETS else lambda p: label if p.boxes and boxed([p], label, p.split) else ""
    config = configs.get(stage.model)
    if config is None or stage.head not in config.heads:
        return None
    head, labels = config.heads[stage.head], cascade.questions[str(stage.asks)]
    findings = {name for name in head.labels if name in labels and labels[name].sentence}

    def said(picture: Picture) -> str:
        number = head.answer(picture)
        name = "" if number == UNKNOWN else head.labels[number]
        return name if not findings or name in findings else ""

    return said


def truth_of(step: Step, picture: Picture, configs: Mapping[str, Config]) -> str:
    """The label that a sorting stage should write for a picture; empty where nobody knows."""
    config = configs.get(step.stage.model)
    if config is None or step.stage.head not in config.heads:
        return ""
    head = config.heads[step.stage.head]
    number = head.answer(picture)
    return "" if number == UNKNOWN else head.labels[number]


def configs_shipped(folder: Path = CONFIGS) -> dict[str, Config]:
    """The configurations of models that may ship, by name: those that are not made to compare."""
    configs = [config_read(file) for file in sorted(folder.rglob("*.toml")) if _whole(file)]
    return {config.name: config for config in configs if config.table in ("shipped", "beyond")}


def _whole(file: Path) -> bool:
    # What begins with an underscore is there to be like; searches have a form of their own.
    return not file.name.startswith("_") and file.parent.name != "search"
