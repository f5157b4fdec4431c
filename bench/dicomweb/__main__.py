"""Measure and print; ``--write docs/bench.md`` keeps the table with the words beside it."""

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench.dicomweb.measures import BRIEF, SMALL, Size
from bench.dicomweb.table import HEAD, rows

WORDS = Path(__file__).with_name("words.md")


def main() -> int:
    """Measure; return 0."""
    parser = argparse.ArgumentParser(prog="python -m bench.dicomweb", description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FILE", help="keep the table in this page")
    parser.add_argument("--small", action="store_true", help="a run of seconds, to see that it works")
    parser.add_argument("--brief", action="store_true", help="a tenth of it, for a busy machine")
    options = parser.parse_args()
    told = []
    for line in page(SMALL if options.small else BRIEF if options.brief else Size()):
        print(line, flush=True)
        told.append(line)
    if options.write:
        options.write.write_text("\n".join(told) + "\n" + WORDS.read_text())
    return 0


def page(size: Size) -> Iterator[str]:
    """Yield the lines of the page."""
    yield "# DICOMweb, measured\n"
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    yield f"`python -m bench.dicomweb --write docs/bench.md`, {when}, {os.cpu_count()} cores ({platform.machine()})"
    yield "shared by clients and servers. Load is the number of runnable processes at the time.\n"
    yield HEAD
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="readroom-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield from (str(row) for row in rows(Path(folder), size))
    yield f"\nIt took {time.perf_counter() - began:.0f} s."


if __name__ == "__main__":
    sys.exit(main())
