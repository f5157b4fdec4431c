"""What is kept of every run: its small files, in one archive, so that figures outlive the machine that made them."""

import io
import shutil
import tarfile
from pathlib import Path

MODELS = Path(__file__).resolve().parents[3] / "docs" / "models"
#: In the repository: a folder a run.
ARCHIVE = MODELS / "figures.tar.xz"
#: Not in the repository: the whole report, and the archive unpacked.
FULL = MODELS.parent / "models-full"
#: What a run leaves behind, but for its weights; a model of features is a few numbers.
NAMES = (
    "config.json", "epochs.csv", "test.json", "gate.json", "explain.json", "explain.png", "trials.csv", "features.json",
)  # fmt: skip


def unpack_runs(folder: Path, archive: Path = ARCHIVE) -> Path:
    """Unpack the archive into an emptied folder and return that.

    Raises
    ------
    OSError, tarfile.TarError
        If the archive cannot be read.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder


def pack_runs(folder: Path, archive: Path = ARCHIVE) -> None:
    """Pack the small files of runs; the same files give the same bytes."""
    with tarfile.open(archive, "w:xz", preset=9) as packed:
        for file in sorted(folder.glob("*/*")):
            if file.name in NAMES:
                entry = tarfile.TarInfo(file.relative_to(folder).as_posix())
                entry.size = file.stat().st_size
                packed.addfile(entry, io.BytesIO(file.read_bytes()))


def copy_runs(runs: Path, into: Path) -> None:
    """Copy the small files of the runs at hand beside those of runs that were made elsewhere.

    Parameters
    ----------
    runs
        Folder of the runs; it need not exist.
    into
        Holds a folder a run, each with the files of `NAMES` that the run left.
    """
    for file in sorted(runs.glob("*/*")):
        if file.name in NAMES:
            target = into / file.relative_to(runs)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
