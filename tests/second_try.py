"""A pytest plugin: a test of a browser or of real servers that fails is run once more, and never in silence.

These tests share two cores with the servers that they watch, so one of them may fail for want of time alone. Where the
second try passes, the run passes; the test is listed at its end, with the folder that keeps what the first try left.
Where it fails too, the run fails. No other test is ever run again.
"""

import re
import shutil
from collections.abc import Generator
from pathlib import Path

import pytest

SHARED = ("tests/e2e/", "tests/services/")
EVIDENCE = Path("test-results") / "failed"


def is_tried_twice(item: pytest.Item) -> bool:
    """Return whether a test is one of a browser or of real servers."""
    return item.nodeid.startswith(SHARED)


def evidence_folder(item: pytest.Item) -> Path:
    """Return the folder, under a name made of the test's, that keeps what its tries left when they failed."""
    return item.config.rootpath / EVIDENCE / folder_name(item.nodeid)


def folder_name(nodeid: str) -> str:
    """Return a test's name as that of a folder."""
    return re.sub(r"[^\w.]+", "-", nodeid.removeprefix("tests/")).strip("-")[:150]


def try_number(item: pytest.Item) -> int:
    """Return 1 in the first try and 2 in the second; pytest-rerunfailures counts them."""
    return int(getattr(item, "execution_count", 1))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let pytest-rerunfailures run these tests once more, and no other."""
    for item in items:
        if is_tried_twice(item):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, None, None]:
    """Forget what an earlier run kept of this test."""
    if is_tried_twice(item) and try_number(item) == 1:
        shutil.rmtree(evidence_folder(item), ignore_errors=True)
    yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep the trace of a failed try, with what was printed meanwhile."""
    report = yield
    if report.failed and is_tried_twice(item):
        folder = evidence_folder(item)
        folder.mkdir(parents=True, exist_ok=True)
        told = [report.longreprtext, *(f"--- {title}\n{text}" for title, text in report.sections)]
        (folder / f"try-{try_number(item)}-{report.when}.txt").write_text("\n".join(told))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List the tests that failed once and passed when they were run again."""
    stats = terminalreporter.stats
    failed = {report.nodeid for kind in ("failed", "error") for report in stats.get(kind, [])}
    again = dict.fromkeys(report.nodeid for report in stats.get("rerun", []) if report.nodeid not in failed)
    if again:
        terminalreporter.section("failed once, passed when run again at once", yellow=True)
        for nodeid in again:
            terminalreporter.line(f"{nodeid}\n    {EVIDENCE / folder_name(nodeid)}")
