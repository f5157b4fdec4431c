"""``python -m ml.lab.report``: write the report on all runs, as Markdown and HTML, and its summary for the repository.

The small files of the runs at hand go into ``docs/models/figures.tar.xz`` first; the report is made of what that holds.
"""

import argparse
import shutil
import sys
import tarfile
from pathlib import Path

from ml.cascade.weights import WeightsError
from ml.lab.report.check import problems
from ml.lab.report.collect import gathered
from ml.lab.report.site import files_made, pages_made, report_folder_written
from ml.lab.report.stored_runs import FULL, MODELS, copy_runs, pack_runs, unpack_runs
from ml.lab.report.summary import summary_files, write_summary
from ml.lab.train.config import runs_folder

#: Pages that other commands and people write; they stand in the report too.
GUEST_PAGES = ("papers.md", "sources.md")


def main(arguments: list[str] | None = None) -> int:
    """Write the report.

    Returns
    -------
    int
        0 when written; with ``--check`` 1 where a person has still something to write or a link leads nowhere;
        2 when a file cannot be read.
    """
    parser = argparse.ArgumentParser(prog="python -m ml.lab.report", description=__doc__)
    parser.add_argument("--runs", type=Path, help="make it of this folder of runs, and store nothing")
    parser.add_argument("--out", type=Path, default=FULL, help="where to write")
    parser.add_argument("--check", action="store_true", help="tell what is still missing, and fail if anything is")
    chosen = parser.parse_args(arguments)
    try:
        told = gathered(runs=chosen.runs or _stored(chosen.out / "runs"))
        pages = pages_made(told)
        if chosen.runs is None:
            write_summary(summary_files(pages, told, MODELS), MODELS)
        report_folder_written(files_made(pages, told, chosen.out), told, chosen.out)
    except (ValueError, OSError, tarfile.TarError, WeightsError) as error:
        print(error, file=sys.stderr)
        return 2
    missing = problems(pages, chosen.out)
    for problem in missing:
        print(problem, file=sys.stderr)
    print(f"{len(pages)} pages in {chosen.out}; {len(missing)} things missing.")
    return 1 if chosen.check and missing else 0


def _stored(folder: Path) -> Path:
    """Add the runs at hand to those that are stored, and return a folder of all of them."""
    unpack_runs(folder)
    copy_runs(runs_folder(), folder)
    pack_runs(folder)
    for name in GUEST_PAGES:
        shutil.copyfile(MODELS / name, folder.parent / name)
    return folder


if __name__ == "__main__":
    sys.exit(main())
