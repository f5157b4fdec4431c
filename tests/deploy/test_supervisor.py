"""Real processes: restarted when they die, ended with all they started, gone when the launcher is killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.supervisor import FIRST_PAUSE, LONGEST_PAUSE, ROOT, Service, stop, tend
from tests.servers import wait_until

# A parent that starts a child deaf to SIGTERM, prints both numbers, and waits for ever.
FAMILY = (
    "import signal, subprocess, sys, os\n"
    "deaf = 'import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)'\n"
    "child = subprocess.Popen([sys.executable, '-c', deaf])\n"
    "print(os.getpid(), child.pid, flush=True)\n"
    "child.wait()\n"
)
# A launcher of one service that prints its number and waits to be killed.
LAUNCHER = (
    "import os, sys, time\n"
    "from pathlib import Path\n"
    "from deploy.supervisor import Service\n"
    "command = (sys.executable, '-c', 'import time; time.sleep(600)')\n"
    "sleeper = Service('sleeper', command, dict(os.environ), Path('{}'))\n"
    "sleeper.start()\n"
    "print(sleeper.process.pid, flush=True)\n"
    "time.sleep(600)\n"
)


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Service]:
    """Return a service with a child of its own."""
    service = Service("family", (sys.executable, "-c", FAMILY), dict(os.environ), tmp_path / "family.log")
    yield service
    stop([service])


def members(service: Service) -> list[psutil.Process]:
    """Return the newest parent and child once both run."""

    def newest() -> list[psutil.Process]:
        lines = service.log.read_text().splitlines() if service.log.exists() else []
        if service.process is None or not lines or not lines[-1].startswith(f"{service.process.pid} "):
            return []
        return [psutil.Process(int(number)) for number in lines[-1].split()]

    return wait_until(newest, what="the service and its child")


def test_a_killed_service_is_restarted_and_its_orphan_ended(family: Service) -> None:
    said: list[str] = []
    tend([family], say=said.append)
    parent, child = members(family)
    parent.kill()

    def restarted() -> bool:
        tend([family], say=said.append)
        return family.process is not None and family.process.pid != parent.pid

    wait_until(restarted, what="the restart")
    assert said == [f"family ended (signal SIGKILL) and is started again; see {family.log}"]
    child.wait(timeout=5)
    assert members(family)[0].is_running()


def test_stopping_leaves_no_process(family: Service) -> None:
    family.start()
    before = members(family)
    stop([family])
    gone, alive = psutil.wait_procs(before, timeout=5)
    assert len(gone) == 2
    assert not alive


def test_a_service_that_keeps_failing_is_started_less_and_less_often(tmp_path: Path) -> None:
    service = Service("failing", (sys.executable, "-c", "raise SystemExit(3)"), {}, tmp_path / "failing.log")
    pauses = []
    for _ in range(7):
        pauses.append(service.pause)
        service.start()
        assert service.process is not None
        service.process.wait()
        assert service.ended() == 3
    assert pauses == [FIRST_PAUSE, 1.0, 2.0, 4.0, 8.0, LONGEST_PAUSE, LONGEST_PAUSE]


def test_a_killed_launcher_takes_its_services_along(tmp_path: Path) -> None:
    words = [sys.executable, "-c", LAUNCHER.format(tmp_path / "log")]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE) as launcher:
        assert launcher.stdout is not None
        sleeper = psutil.Process(int(launcher.stdout.readline()))
        launcher.send_signal(signal.SIGKILL)
    sleeper.wait(timeout=5)
    assert not sleeper.is_running()
