"""What a fresh ``make run`` uses while nobody asks it for anything: ``python -m bench.idle``."""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.deployment import embedded

HEAD = "| service | percent of a core | MB | processes |\n|---|---|---|---|"


@dataclass(frozen=True)
class Use:
    """What a process and its descendants used.

    Attributes
    ----------
    seconds
        Of a core, since they started; those of descendants that ended are in their parents' account.
    memory
        In bytes; pages that several processes share are counted once (PSS).
    processes
        How many there are.
    """

    seconds: float
    memory: int
    processes: int


def use_of(leader: psutil.Process) -> Use:
    """Return what a process and its descendants used so far."""
    seconds, memory, processes = 0.0, 0, 0
    for process in [leader, *leader.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):  # it ended just now
            times, pages = process.cpu_times(), process.memory_full_info().pss
            seconds += times.user + times.system + times.children_user + times.children_system
            memory, processes = memory + pages, processes + 1
    return Use(seconds, memory, processes)


def watched(leaders: Mapping[str, psutil.Process], *, seconds: float) -> Iterator[str]:
    """Watch processes, each with its descendants, for some seconds; yield a row for each by name."""
    began, before = time.monotonic(), {name: use_of(leader) for name, leader in leaders.items()}
    time.sleep(seconds)
    took, after = time.monotonic() - began, {name: use_of(leader) for name, leader in leaders.items()}
    for name, use in after.items():
        percent = 100 * (use.seconds - before[name].seconds) / took
        yield f"| {name} | {percent:.2f} | {use.memory / 1e6:,.0f} | {use.processes} |"


def main() -> int:
    """Start, let it settle, watch; return 0."""
    parser = argparse.ArgumentParser(prog="python -m bench.idle", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long it is watched")
    parser.add_argument("--settle", type=float, default=20, help="how long it is left alone before that")
    chosen = parser.parse_args()
    print(f"\nidle: a fresh `make run`, watched for {chosen.seconds:.0f} s\n\n{HEAD}", flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="readroom-bench-", ignore_cleanup_errors=True) as folder,
        embedded(data=Path(folder)) as deployment,
    ):
        time.sleep(chosen.settle)
        leaders = {**deployment.leaders(), "in sum, with the launcher": deployment.launcher}
        for row in watched(leaders, seconds=chosen.seconds):
            print(row, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
