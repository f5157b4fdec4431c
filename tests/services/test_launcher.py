"""`make run`: quick the second time, one sentence when it cannot start, nothing left when it stops."""

import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import time
from collections.abc import Iterator
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


@dataclass(frozen=True)
class Neighbour:
    """One of two Readrooms that were started from this checkout at once, and what it printed until it was ready."""

    launcher: subprocess.Popen[str]
    data: Path
    port: int
    told: str

    def sheet(self) -> httpx.Response:
        """Return the style sheet that its first page names."""
        page = httpx.get(f"http://127.0.0.1:{self.port}/sign-in/")
        (first, *_) = re.findall(r'href="(/static/[^"]+[.]css)"', page.text)
        return httpx.get(f"http://127.0.0.1:{self.port}{first}")


@pytest.fixture(scope="module")
def neighbours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Neighbour]]:
    """Start two Readrooms together."""
    folders, ports = [tmp_path_factory.mktemp(name) for name in ("first", "second")], [free_port(), free_port()]
    with launched(data=folders[0], port=ports[0]) as first, launched(data=folders[1], port=ports[1]) as second:
        together = zip((first, second), folders, ports, strict=True)
        yield [Neighbour(one, folder, port, told_until_ready(one)) for one, folder, port in together]


def test_two_readrooms_of_one_checkout_say_each_where_it_is(neighbours: list[Neighbour]) -> None:
    for one in neighbours:
        assert f"Readroom is ready: http://127.0.0.1:{one.port}\n" in one.told
        assert f"demo accounts as they were made: {one.data}/demo-accounts.txt\n" in one.told
        assert "DICOM: send to READROOM" in one.told
        assert "is started again" not in one.told
        assert one.sheet().status_code == 200


def test_a_second_readroom_on_the_same_folder_is_refused_in_one_sentence(neighbours: list[Neighbour]) -> None:
    data = neighbours[0].data
    with launched(data=data, port=free_port()) as third:
        told, _ = third.communicate(timeout=60)
        assert third.returncode == 1
    assert told == f"Readroom already runs on {data}: stop it, or name another folder.\n"


def test_a_taken_port_is_refused_in_one_sentence(neighbours: list[Neighbour], tmp_path: Path) -> None:
    port = neighbours[0].port
    with launched(data=tmp_path, port=port) as third:
        told, _ = third.communicate(timeout=60)
        assert third.returncode == 1
    assert told.count("\n") == 1
    assert told.startswith(f"Port {port} is taken by another program")


def test_one_readroom_serves_on_when_another_of_its_checkout_is_gone(neighbours: list[Neighbour]) -> None:
    gone, stays = neighbours
    gone.launcher.send_signal(signal.SIGINT)
    assert gone.launcher.wait(timeout=60) == 0
    shutil.rmtree(gone.data)
    assert stays.sheet().status_code == 200
