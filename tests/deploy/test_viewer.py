"""The viewer is built once, says what it lacks, and Readroom starts without it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy import viewer


def test_no_host_stands_in_the_lock() -> None:
    text = (viewer.SOURCES / "package-lock.json").read_text()
    assert '"resolved"' not in text
    assert not re.search(r"registry\.|npmjs", text)
    exact = re.findall(
        r'"[@\w./-]+": "([^"]+)"', (viewer.SOURCES / "package.json").read_text().split("dependencies")[1]
    )
    assert exact
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in exact)


def test_what_was_built_from_these_sources_is_not_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stamp = tmp_path / "made-from"
    stamp.write_text(viewer.made_from())
    monkeypatch.setattr(viewer, "STAMP", stamp)
    monkeypatch.setenv("PATH", str(tmp_path))  # no Node here: anything but a return would fail
    viewer.build()


@pytest.mark.parametrize(
    ("version", "sentence"),
    [
        (None, "The viewer is built with Node 20.19 or newer and npm; this machine does not have them."),
        ("v18.20.4", "The viewer is built with Node 20.19 or newer and npm; this machine has Node 18.20.4."),
    ],
)
def test_without_a_fit_node_it_says_so_and_run_goes_on(version: str | None, sentence: str, tmp_path: Path) -> None:
    if version:
        for name in ("node", "npm"):
            program = tmp_path / name
            program.write_text(f"#!/bin/sh\necho {version}\n")
            program.chmod(0o755)
    code = (
        f"import sys; from deploy import viewer; viewer.STAMP = viewer.Path('{tmp_path}/none'); sys.exit(viewer.main())"
    )
    for words, status in (((), 1), (("--or-without",), 0)):
        done = subprocess.run(
            [sys.executable, "-c", code, *words],
            cwd=viewer.ROOT,
            env={"PATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status
        assert sentence in done.stderr
        assert ("Readroom starts without its viewer" in done.stderr) == (status == 0)
