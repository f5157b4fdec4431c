"""`make run`: quick the second time, one sentence when it cannot start, nothing left when it stops."""

import re
import shutil
import signal
import sqlite3
import stat
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from tests.deployment import embedded, launched, told_until_ready
from tests.servers import free_port
from tests.services.runs import assert_each_finished_once, uploaded, wait_until_done, wait_until_one_is


@dataclass(frozen=True)
class Interrupted:
    """A data folder whose Readroom was stopped by Ctrl-C in mid-run, its studies, who ran, how long the start took."""

    data: Path
    studies: set[str]
    family: list[psutil.Process]
    seconds: float


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Interrupted:
    """Start Readroom for the first time and stop it while it works."""
    data = tmp_path_factory.mktemp("interrupted")
    began = time.monotonic()
    with embedded(data=data) as deployment:
        seconds = time.monotonic() - began
        studies = uploaded(deployment.visitor(), how_many=6)
        wait_until_one_is(deployment, studies, "running")
        family = [deployment.launcher, *deployment.launcher.children(recursive=True)]
        deployment.launcher.send_signal(signal.SIGINT)
        deployment.launcher.wait(timeout=30)
    return Interrupted(data, studies, family, seconds)


def test_ctrl_c_leaves_no_process(interrupted: Interrupted) -> None:
    family = interrupted.family
    assert len(family) >= 6  # the launcher, web and its two, housekeeping, worker and its child
    gone, alive = psutil.wait_procs(family, timeout=5)
    assert not alive
    assert len(gone) == len(family)


def test_ctrl_c_leaves_no_half_written_row(interrupted: Interrupted) -> None:
    data = interrupted.data
    with closing(sqlite3.connect(data / "db.sqlite3")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        half = (
            "SELECT id FROM inference_run WHERE (state = 'done') != "
            "EXISTS (SELECT 1 FROM inference_stage WHERE inference_stage.run_id = inference_run.id)"
        )
        assert database.execute(half).fetchall() == []


def test_the_next_start_is_no_slower_than_the_first_and_finishes_what_was_left(interrupted: Interrupted) -> None:
    began = time.monotonic()
    with embedded(data=interrupted.data) as deployment:
        # The first made the database and the accounts too; the rest is for the noise of a shared machine.
        assert time.monotonic() - began < 1.5 * interrupted.seconds
        wait_until_done(deployment, interrupted.studies)
        assert_each_finished_once(deployment, interrupted.studies)


def test_the_signing_key_is_made_once_and_for_its_owner_only(
    interrupted: Interrupted,
) -> None:
    data = interrupted.data
    for secret in ("secret.key", "demo-accounts.txt"):
        assert stat.S_IMODE((data / secret).stat().st_mode) == 0o600


def test_two_readrooms_of_one_checkout_start_together_and_go_without_each_other(tmp_path: Path) -> None:
    ports = [free_port(), free_port()]
    folders = [tmp_path / "first", tmp_path / "second"]
    with launched(data=folders[1], port=ports[1]) as second, launched(data=folders[0], port=ports[0]) as first:
        told = [told_until_ready(first), told_until_ready(second)]
        first.send_signal(signal.SIGINT)
        assert first.wait(timeout=30) == 0
        shutil.rmtree(folders[0])
        page = httpx.get(f"http://127.0.0.1:{ports[1]}/sign-in/")
        (sheet,) = re.findall(r'href="(/static/[^"]+\.css)"', page.text)[:1]
        assert httpx.get(f"http://127.0.0.1:{ports[1]}{sheet}").status_code == 200
        assert not [family for family in psutil.Process(second.pid).children() if not family.is_running()]
    for welcome, folder, port in zip(told, folders, ports, strict=True):
        assert f"http://127.0.0.1:{port}" in welcome
        assert f"{folder}/demo-accounts.txt" in welcome
        assert "DICOM: send to READROOM" in welcome
        assert "is started again" not in welcome


def test_a_second_readroom_on_the_same_folder_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with embedded(data=tmp_path), launched(data=tmp_path, port=free_port()) as second:
        told, _ = second.communicate(timeout=30)
        assert second.returncode == 1
    assert told == f"Readroom already runs on {tmp_path}: stop it, or name another folder.\n"


def test_a_taken_port_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with embedded(data=tmp_path / "first") as first:
        port = int(first.url.rsplit(":", 1)[1])
        with launched(data=tmp_path / "second", port=port) as second:
            told, _ = second.communicate(timeout=30)
            assert second.returncode == 1
    assert told.count("\n") == 1
    assert told.startswith(f"Port {port} is taken by another program")
