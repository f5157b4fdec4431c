"""Run every test once and print the slowest: ``python -m tests`` (what ``make test`` does).

In two passes, as a process has one database: on PostgreSQL the tests of the web whose subject is in the database, on
SQLite all others. `tests/webapp/conftest.py` says which are which; few are in both.
"""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.servers import postgres

RESULTS = Path(__file__).resolve().parents[1] / "test-results"
SLOWEST = 30
# Several processes, each test file in one of them: fixtures of a module are made once. In the order of the tree: by the
# number of their tests the files of browsers and servers, few tests and long ones, would come last, and one would wait.
SPREAD = ["-n", "auto", "--maxprocesses=4", "--dist=loadfile", "--no-loadscope-reorder"]


def is_passed(name: str, *words: str, **environment: str) -> bool:
    """Run one pass, its results kept as XML; return whether all tests passed."""
    print(f"\nTests on {name}", flush=True)
    command = [sys.executable, "-m", "pytest", "-q", *SPREAD, f"--junitxml={RESULTS / name}.xml", *words]
    return subprocess.run(command, cwd=RESULTS.parent, env={**os.environ, **environment}, check=False).returncode == 0


def slowest(results: Iterable[Path]) -> list[str]:
    """Return a line for each of the slowest tests of all passes: seconds, set-up included, and the test."""
    tests = [test for file in results for test in ET.parse(file).iter("testcase")]
    timed = sorted(((float(test.get("time", 0)), test) for test in tests), key=lambda pair: pair[0], reverse=True)
    return [f"{seconds:7.1f} s  {test.get('classname')}::{test.get('name')}" for seconds, test in timed[:SLOWEST]]


def main() -> int:
    """Run both passes, whatever the first one says; return 1 where a test failed."""
    RESULTS.mkdir(exist_ok=True)
    with postgres() as url:
        passed = [is_passed("postgresql", "tests/webapp", "-m", "postgresql", DATABASE_URL=url)]
    passed.append(is_passed("sqlite", "-m", "not postgresql or both_databases"))
    print(f"\nThe slowest {SLOWEST}:", *slowest(RESULTS / f"{name}.xml" for name in ("postgresql", "sqlite")), sep="\n")
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
