"""Everything that the report tells: each configuration with its run, the shipped models, the papers' figures."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ml.evaluate.figures import Figure
from ml.evaluate.report import WEIGHTS, Report
from ml.report.files import ANY, Published, Reason, epochs_read, published_read, reasons_read, report_read, trials_read
from ml.train.config import PLAIN, Config, config_read, runs_folder
from ml.weights import ModelRow, manifest_read

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROFILES = (PLAIN, "gpu")
#: Configurations in a folder of this name are searches over another configuration.
SEARCH = "search"


@dataclass(frozen=True, eq=False)
class Run:
    """One configuration, and what its folder holds so far.

    Attributes
    ----------
    file
        Of the configuration, as one types it in the checkout.
    epochs
        Rows of ``epochs.csv``; empty before it was trained.
    report, explained
        What ``python -m ml.evaluate`` and ``python -m ml.evaluate.explain`` wrote; none before they ran.
    """

    config: Config
    file: str
    folder: Path
    epochs: list[dict[str, float]]
    report: Report | None
    explained: Report | None

    @property
    def key(self) -> str:
        """Name of the run."""
        return self.config.key

    @property
    def state(self) -> str:
        """Whether it was trained and judged, and with the configuration as it stands."""
        if self.report is None:
            return "trained, not judged yet" if self.epochs else "not trained"
        digest = self.report.about.get("config_digest", self.config.digest)
        return "judged" if digest == self.config.digest else "judged; its configuration has changed since"

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
        profile = "" if self.config.profile == PLAIN else f" --profile {self.config.profile}"
        return [f"python -m ml.{step} {self.file}{profile}" for step in ("train", "evaluate")]


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
        return f"python -m ml.train.search {self.file}"


@dataclass(frozen=True)
class Gathered:
    """All that is told."""

    runs: list[Run]
    searches: list[Search]
    shipped: list[ModelRow]
    weights: Path
    cascade: Report | None
    pictures: list[Path]
    published: list[Published] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)

    def of_table(self, table: str) -> list[Run]:
        """The runs of one table of the report."""
        return [run for run in self.runs if run.config.table == table]

    def papers(self, run: Run, column: str) -> list[Published]:
        """What was published beside a figure of a run."""
        return [p for p in self.published if (p.table, p.column) == (run.config.table, column) and p.row in run.names]

    def reason(self, run: Run, column: str) -> str | None:
        """The reason written for a difference, that of the run before that of all."""
        for reason in self.reasons:
            if reason.table == run.config.table and reason.row in (*run.names, ANY) and reason.column in (column, ANY):
                return reason.text
        return None


def architecture(config: Config) -> str:
    """The network's name as the papers write it: resnet50, yolov5l, attention-unet."""
    network = config.network
    name = str(network.get("trunk") or network.get("architecture") or config.task)
    return name + str(network.get("scale", ""))


def gathered(
    *,
    configs: Path = ROOT / "ml" / "configs",
    runs: Path | None = None,
    weights: Path = WEIGHTS,
    words: Path = HERE,
) -> Gathered:
    """Read every file that the report is made of.

    Parameters
    ----------
    configs
        Searched through for TOML files; those that begin with an underscore are shared parts.
    runs
        Folder of the runs (default: as training has it).
    weights
        Holds the manifest and the cards.
    words
        Holds ``papers.toml`` and ``reasons.toml``.

    Raises
    ------
    ValueError
        If a file is not what it should be.
    WeightsError
        If the manifest cannot be read.
    """
    runs = runs or runs_folder()
    files = sorted(file for file in configs.rglob("*.toml") if not file.name.startswith("_"))
    searched = [file for file in files if file.parent.name == SEARCH]
    read = [_run(file, profile, configs, runs) for file in files if file not in searched for profile in PROFILES]
    cascade = runs / "cascade" / "test.json"
    return Gathered(
        runs=[run for run in read if run.config.profile == PLAIN or run.epochs or run.report],
        searches=[_search(file, configs, runs) for file in searched],
        shipped=list(manifest_read(weights).values()),
        weights=weights,
        cascade=report_read(cascade) if cascade.is_file() else None,
        pictures=sorted(runs.glob("*/explain.png")),
        published=published_read(words / "papers.toml"),
        reasons=reasons_read(words / "reasons.toml"),
    )


def _run(file: Path, profile: str, configs: Path, runs: Path) -> Run:
    config = config_read(file, profile=profile)
    folder = runs / config.key
    judged, explained = folder / "test.json", folder / "explain.json"
    return Run(
        config=config,
        file=f"ml/configs/{file.relative_to(configs).as_posix()}",
        folder=folder,
        epochs=epochs_read(folder / "epochs.csv"),
        report=report_read(judged) if judged.is_file() else None,
        explained=report_read(explained) if explained.is_file() else None,
    )


def _search(file: Path, configs: Path, runs: Path) -> Search:
    declared = tomllib.loads(file.read_text(encoding="utf-8"))
    name = str(declared.get("name", file.stem))
    trials = trials_read(runs / f"{SEARCH}-{name}" / "trials.csv")
    return Search(name, f"ml/configs/{file.relative_to(configs).as_posix()}", declared, trials)
