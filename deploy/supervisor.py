"""Keep processes running: start, restart with back-off, stop all of them and everything they started.

Each service leads a session of its own, so a Ctrl-C at the terminal reaches only the launcher, which then
stops the services in order. The kernel ends them should the launcher itself be killed (PR_SET_PDEATHSIG, prctl(2)).
"""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from deploy.services import ROOT, Service

PR_SET_PDEATHSIG = 1
GRACE_SECONDS = 8.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0
SETTLED_SECONDS = 30.0  # alive this long, a service has earned a quick restart again
LARGEST_LOG = 8 * 2**20


def end_with_parent() -> None:
    """Ask the kernel to end this process when its parent dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def follow_launcher() -> None:
    """Run in the child before it becomes the service: end with the launcher, and hear signals again."""
    end_with_parent()
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


class Keeper:
    """One service and its process, with the pause before its next start."""

    def __init__(self, service: Service, *, environment: dict[str, str], logs: Path) -> None:
        self.service = service
        self.environment = environment
        self.log = logs / f"{service.name}.log"
        self.pause = FIRST_PAUSE
        self.start_at = 0.0
        self.started = 0.0
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process, its output appended to its log."""
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.service.command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=follow_launcher,  # noqa: PLW1509 - the launcher has one thread
            )
        self.started = time.monotonic()

    def ended(self) -> int | None:
        """Return the exit status of a process that ended just now (its children ended too), else None."""
        if self.process is None or (status := self.process.poll()) is None:
            return None
        end_group(self.process.pid)
        self.process = None
        if time.monotonic() - self.started > SETTLED_SECONDS:
            self.pause = FIRST_PAUSE
        self.start_at = time.monotonic() + self.pause
        self.pause = min(2 * self.pause, LONGEST_PAUSE)
        return status


def end_group(leader: int) -> None:
    """Kill what is left of a service's process group."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


class Supervisor:
    """All services together."""

    def __init__(self, keepers: list[Keeper], *, say: Callable[[str], None]) -> None:
        self.keepers = keepers
        self.say = say

    def tend(self) -> None:
        """Notice who ended and start whoever is due."""
        for keeper in self.keepers:
            status = keeper.ended()
            if status is not None:
                self.say(f"{keeper.service.name} ended ({ending(status)}) and is started again; see {keeper.log}")
            if keeper.process is None and time.monotonic() >= keeper.start_at:
                keeper.start()

    def stop(self) -> None:
        """Ask every service to end, then end by force whatever is left after the grace."""
        running = [keeper.process for keeper in self.keepers if keeper.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for process in running:
            try:
                process.wait(timeout=max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            end_group(process.pid)


def ending(status: int) -> str:
    """Return how a process ended, in words."""
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
