"""Real processes: restarted when they die, ended with all they started, gone when the launcher is killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.services import ROOT, Service
from deploy.supervisor import FIRST_PAUSE, LONGEST_PAUSE, Keeper, Supervisor
from tests.servers import wait_until

# A parent that starts a child deaf to SIGTERM, tells both numbers, and waits for ever.
FAMILY = (
    "import signal, subprocess, sys, os\n"
    "deaf = 'import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)'\n"
    "child = subprocess.Popen([sys.executable, '-c', deaf])\n"
    "print(os.getpid(), child.pid, flush=True)\n"
    "child.wait()\n"
)


@pytest.fixture
def said() -> list[str]:
    """Return what the supervisor tells the person."""
    return []


@pytest.fixture
def family(tmp_path: Path, said: list[str]) -> Iterator[Supervisor]:
    """Return a supervisor of one service with a child of its own."""
    service = Service("family", (sys.executable, "-c", FAMILY))
    supervisor = Supervisor([Keeper(service, environment=dict(os.environ), logs=tmp_path)], say=said.append)
    yield supervisor
    supervisor.stop()


def members(supervisor: Supervisor) -> list[psutil.Process]:
    """Return the newest parent and child once both run."""
    log = supervisor.keepers[0].log

    def newest() -> list[psutil.Process]:
        process = supervisor.keepers[0].process
        lines = log.read_text().splitlines() if log.exists() else []
        if process is None or not lines or not lines[-1].startswith(f"{process.pid} "):
            return []
        return [psutil.Process(int(number)) for number in lines[-1].split()]

    return wait_until(newest, what="the service and its child")


def test_a_killed_service_is_restarted_and_its_orphan_ended(family: Supervisor, said: list[str]) -> None:
    family.tend()
    parent, child = members(family)
    parent.kill()

    def restarted() -> bool:
        family.tend()
        process = family.keepers[0].process
        return process is not None and process.pid != parent.pid

    wait_until(restarted, what="the restart")
    assert said == [f"family ended (signal SIGKILL) and is started again; see {family.keepers[0].log}"]
    child.wait(timeout=5)
    assert members(family)[0].is_running()


def test_stopping_leaves_no_process(family: Supervisor) -> None:
    family.tend()
    before = members(family)
    family.stop()
    gone, alive = psutil.wait_procs(before, timeout=5)
    assert len(gone) == 2
    assert not alive


def test_a_service_that_keeps_failing_is_started_less_and_less_often(tmp_path: Path) -> None:
    keeper = Keeper(Service("failing", (sys.executable, "-c", "raise SystemExit(3)")), environment={}, logs=tmp_path)
    pauses = []
    for _ in range(7):
        pauses.append(keeper.pause)
        keeper.start()
        assert keeper.process is not None
        keeper.process.wait()
        assert keeper.ended() == 3
    assert pauses == [FIRST_PAUSE, 1.0, 2.0, 4.0, 8.0, LONGEST_PAUSE, LONGEST_PAUSE]


def test_a_killed_launcher_takes_its_services_along(tmp_path: Path) -> None:
    program = (
        "import os, sys, threading\n"
        "from pathlib import Path\n"
        "from deploy.services import Service\n"
        "from deploy.supervisor import Keeper, Supervisor\n"
        "service = Service('sleeper', (sys.executable, '-c', 'import time; time.sleep(600)'))\n"
        "supervisor = Supervisor([Keeper(service, environment=dict(os.environ), logs=Path(sys.argv[1]))], say=print)\n"
        "supervisor.tend()\n"
        "print(supervisor.keepers[0].process.pid, flush=True)\n"
        "threading.Event().wait()\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, tmp_path], cwd=ROOT, stdout=subprocess.PIPE) as launcher:
        assert launcher.stdout is not None
        sleeper = psutil.Process(int(launcher.stdout.readline()))
        launcher.send_signal(signal.SIGKILL)
    sleeper.wait(timeout=5)
    assert not sleeper.is_running()
