"""Everything that the report tells: each configuration with its run, the shipped models, the papers' figures."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from ml.cascade.weights import ModelRow, manifest_read
from ml.lab.evaluate.report import WEIGHTS, Report
from ml.lab.report.files import (
    ANY,
    Published,
    Reason,
    epochs_read,
    published_read,
    reasons_read,
    report_read,
    trials_read,
)
from ml.lab.report.runs import JUDGED, Run, Search
from ml.lab.train.config import PLAIN, config_read

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
PROFILES = (PLAIN, "gpu")
#: Examples with their heat maps, of pictures that may be shown.
EXPLAINED = "explain.png"
#: Configurations in a folder of this name are searches over another configuration.
SEARCH = "search"


@dataclass(frozen=True)
class Gathered:
    """All that is told; `words` holds what persons wrote."""

    words: Path
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


def gathered(
    *,
    configs: Path = ROOT / "ml" / "lab" / "configs",
    runs: Path,
    weights: Path = WEIGHTS,
    words: Path = HERE,
) -> Gathered:
    """Read every file that the report is made of.

    Parameters
    ----------
    configs
        Searched through for TOML files; those that begin with an underscore are shared parts.
    runs
        Folder of the runs, or of what is kept of them.
    weights
        Holds the manifest and the cards.
    words
        Holds ``papers.toml``, ``reasons.toml`` and a folder ``words``.

    Raises
    ------
    ValueError
        If a file is not what it should be.
    WeightsError
        If the manifest cannot be read.
    """
    files = sorted(file for file in configs.rglob("*.toml") if not file.name.startswith("_"))
    searched = [file for file in files if file.parent.name == SEARCH]
    read = [_run(file, profile, configs, runs) for file in files if file not in searched for profile in PROFILES]
    kept = [run for run in read if run.config.profile == PLAIN or run.epochs or run.report]
    cascade = runs / "cascade" / "test.json"
    return Gathered(
        words=words,
        runs=kept,
        searches=[_search(file, configs, runs) for file in searched],
        shipped=list(manifest_read(weights).values()),
        weights=weights,
        cascade=report_read(cascade) if cascade.is_file() else None,
        pictures=[run.folder / EXPLAINED for run in kept if (run.folder / EXPLAINED).is_file()],
        published=published_read(words / "papers.toml"),
        reasons=reasons_read(words / "reasons.toml"),
    )


def _run(file: Path, profile: str, configs: Path, runs: Path) -> Run:
    config = config_read(file, profile=profile)
    folder = runs / config.key
    return Run(
        config=config,
        file=f"ml/lab/configs/{file.relative_to(configs).as_posix()}",
        folder=folder,
        epochs=epochs_read(folder / "epochs.csv"),
        reports={name: report_read(folder / f"{name}.json") for name in JUDGED if (folder / f"{name}.json").is_file()},
    )


def _search(file: Path, configs: Path, runs: Path) -> Search:
    declared = tomllib.loads(file.read_text(encoding="utf-8"))
    name = str(declared.get("name", file.stem))
    trials = trials_read(runs / f"{SEARCH}-{name}" / "trials.csv")
    return Search(name, f"ml/lab/configs/{file.relative_to(configs).as_posix()}", declared, trials)
