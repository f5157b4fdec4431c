"""The small files of runs, kept in the repository: whoever reads a figure can make its page again without training."""

import shutil
from pathlib import Path

#: In the repository, a folder a run.
KEPT = Path(__file__).resolve().parents[3] / "docs" / "models" / "runs"
#: What a run leaves behind, but for its weights; a model of features is a few numbers, and kept.
NAMES = (
    "config.json", "epochs.csv", "test.json", "gate.json", "explain.json", "explain.png", "trials.csv", "features.json",
)  # fmt: skip


def runs_kept(runs: Path, kept: Path) -> None:
    """Copy the small files of every run beside those of runs that were made elsewhere.

    Parameters
    ----------
    runs
        Folder of the runs; it need not exist.
    kept
        Holds a folder a run, each with the files of `NAMES` that the run left.
    """
    for file in sorted(runs.glob("*/*")):
        if file.name in NAMES:
            target = kept / file.relative_to(runs)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
