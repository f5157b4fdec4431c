"""A configuration with what its run left behind; a search with its trials."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml.lab.evaluate.figures import Figure
from ml.lab.evaluate.report import Report
from ml.lab.train.config import PLAIN, Config

#: What judges a run, by the file that it writes, with the ending of its command.
JUDGED = {"test": "ml.lab.evaluate", "gate": "ml.lab.evaluate.gate", "explain": "ml.lab.evaluate.explain"}


@dataclass(frozen=True, eq=False)
class Run:
    """One configuration, and what its folder holds so far.

    Attributes
    ----------
    file
        Of the configuration, as one types it in the checkout.
    epochs
        Rows of ``epochs.csv``; empty before it was trained.
    reports
        What was judged of it, by the name of the file: "test", "gate", "explain".
    """

    config: Config
    file: str
    folder: Path
    epochs: list[dict[str, float]]
    reports: Mapping[str, Report]

    @property
    def key(self) -> str:
        """Name of the run."""
        return self.config.key

    @property
    def report(self) -> Report | None:
        """What ``python -m ml.lab.evaluate`` wrote; none before it ran."""
        return self.reports.get("test")

    @property
    def state(self) -> str:
        """Whether it was trained and judged, and with the configuration as it stands."""
        if self.report is None:
            return "trained, not judged yet" if self.epochs else "not trained"
        return f"judged; changed since: {', '.join(self.changed)}" if self.changed else "judged"

    @property
    def changed(self) -> list[str]:
        """Settings that the file has now and the run was not trained with; keys of one of them alone do not count."""
        file = self.folder / "config.json"
        trained = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        now = json.loads(self.config.told())
        return sorted(name for name in trained.keys() & now.keys() if trained[name] != now[name])

    @property
    def headline(self) -> dict[str, Figure]:
        """Its headline figures; none before it was judged."""
        return {} if self.report is None else self.report.headline

    @property
    def names(self) -> list[str]:
        """By what a paper's row may call it: its run, its model, its architecture."""
        return [self.key, self.config.name, architecture(self.config)]

    @property
    def commands(self) -> list[str]:
        """What makes its figures, in order."""
        if self.config.task == "features":
            return [self.command("ml.lab.radiomics")]
        return [self.command("ml.lab.train"), *(self.command(JUDGED[name]) for name in ("test", *self.extra))]

    @property
    def extra(self) -> list[str]:
        """What was judged of it beside the test split."""
        return [name for name in self.reports if name != "test"]

    def command(self, module: str) -> str:
        """What one types to run a module on its configuration."""
        profile = "" if self.config.profile == PLAIN else f" --profile {self.config.profile}"
        return f"python -m {module} {self.file}{profile}"


@dataclass(frozen=True)
class Search:
    """A search for settings, and what its trials came to, one row each; none before it ran."""

    name: str
    file: str
    declared: Mapping[str, Any]
    trials: list[dict[str, str]]

    @property
    def command(self) -> str:
        """What runs it."""
        return f"python -m ml.lab.search {self.file}"


def architecture(config: Config) -> str:
    """The network's name as the papers write it: resnet50, yolov5l, attention-unet."""
    network = config.network
    name = str(network.get("trunk") or network.get("architecture") or config.task)
    return name + str(network.get("scale", ""))
