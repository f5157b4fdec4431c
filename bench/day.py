"""Whether memory stays flat over a day's work, done at once: ``python -m bench.day``.

A day is 24 rounds of as many studies as an hour brings: uploaded, analysed, and looked at by a reader.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

from bench.idle import use_of
from tests.deployment import Deployment, Visitor, embedded
from tests.services.runs import uploaded, wait_until_done

HOURS = 24
#: Hours after which memory is written down.
SHOWN = (1, 6, 12, 18, 24)
#: What a reader opens, the study's id left open.
PAGES = ("/", "/worklist/rows/", "/studies/{study}/", "/api/studies/{study}/viewer/", "/studies/{study}/report/")
HEAD = f"| service | {' | '.join(f'MB, hour {hour}' for hour in SHOWN)} |\n|---{'|---' * len(SHOWN)}|"


def work_for_an_hour(deployment: Deployment, reader: Visitor, *, studies: int) -> None:
    """Let studies be uploaded, analysed and opened."""
    arrived = uploaded(reader, how_many=studies)
    wait_until_done(deployment, arrived, seconds=60 + 10 * studies)
    for study in arrived:
        for path in PAGES:
            reader.http.get(path.format(study=study)).raise_for_status()


def memory_over(deployment: Deployment, leaders: dict[str, psutil.Process], *, studies: int) -> Iterator[str]:
    """Work for a day; yield a row for each service, and one for all of them with the launcher."""
    reader, seen = deployment.visitor(), {name: list[float]() for name in leaders}
    for hour in range(1, HOURS + 1):
        work_for_an_hour(deployment, reader, studies=studies)
        if hour in SHOWN:
            for name, leader in leaders.items():
                seen[name].append(use_of(leader).memory / 1e6)
    for name, megabytes in seen.items():
        yield f"| {name} | {' | '.join(f'{one:,.0f}' for one in megabytes)} |"


def main() -> int:
    """Start Readroom, let it work, print the table; return 0."""
    parser = argparse.ArgumentParser(prog="python -m bench.day", description=__doc__)
    parser.add_argument("--studies", type=int, default=12, help="how many an hour brings")
    chosen = parser.parse_args()
    print(f"\na day's work: {HOURS} rounds of {chosen.studies} studies\n\n{HEAD}", flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="readroom-bench-", ignore_cleanup_errors=True) as folder,
        embedded(data=Path(folder)) as deployment,
    ):
        leaders = {**deployment.leaders(), "in sum, with the launcher": deployment.launcher}
        for row in memory_over(deployment, leaders, studies=chosen.studies):
            print(row, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
