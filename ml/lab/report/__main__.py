"""``python -m ml.lab.report``: write the report on all runs, as Markdown and HTML.

The small files of the runs at hand are kept in ``docs/models/runs`` first; the report is made of what is kept there.
"""

import argparse
import sys
from pathlib import Path

from ml.cascade.weights import WeightsError
from ml.lab.report.check import problems
from ml.lab.report.collect import ROOT, gathered
from ml.lab.report.site import files_made, pages_made, report_folder_written
from ml.lab.report.stored_runs import KEPT, runs_kept
from ml.lab.train.config import runs_folder

OUT = ROOT / "docs" / "models"


def main(arguments: list[str] | None = None) -> int:
    """Write the report.

    Returns
    -------
    int
        0 when written; with ``--check`` 1 where a person has still something to write or a link leads nowhere;
        2 when a file cannot be read.
    """
    parser = argparse.ArgumentParser(prog="python -m ml.lab.report", description=__doc__)
    parser.add_argument("--runs", type=Path, help="make it of this folder of runs, and keep nothing")
    parser.add_argument("--out", type=Path, default=OUT, help="where to write")
    parser.add_argument("--check", action="store_true", help="tell what is still missing, and fail if anything is")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.runs is None:
            runs_kept(runs_folder(), KEPT)
        told = gathered(runs=chosen.runs or KEPT)
        pages = pages_made(told)
        report_folder_written(files_made(pages, told, chosen.out), told, chosen.out)
    except (ValueError, OSError, WeightsError) as error:
        print(error, file=sys.stderr)
        return 2
    missing = problems(pages, chosen.out)
    for problem in missing:
        print(problem, file=sys.stderr)
    print(f"{len(pages)} pages in {chosen.out}; {len(missing)} things missing.")
    return 1 if chosen.check and missing else 0


if __name__ == "__main__":
    sys.exit(main())
