"""Keep processes running: start, restart with back-off, stop all of them and all that they started.

Each service leads a session of its own, so a Ctrl-C at the terminal reaches only the launcher, which then
stops the services in order. The kernel ends them should the launcher itself be killed (PR_SET_PDEATHSIG, prctl(2)).
"""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
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


@dataclass
class Service:
    """One process that is kept running, what it prints appended to a log."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = FIRST_PAUSE
    start_at: float = 0.0

    def start(self) -> None:
        """Start the process."""
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
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
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def tend(services: Iterable[Service], *, say: Callable[[str], None]) -> None:
    """Notice which services ended, and start those that are due."""
    for service in services:
        if (status := service.ended()) is not None:
            how = f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
            say(f"{service.name} ended ({how}) and is started again; see {service.log}")
        if service.process is None and time.monotonic() >= service.start_at:
            service.start()


def stop(services: Iterable[Service]) -> None:
    """Ask every service to end, then end by force whatever is left after the grace."""
    running = [service.process for service in services if service.process is not None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + GRACE_SECONDS
    for process in running:
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=max(0.0, deadline - time.monotonic()))
        end_group(process.pid)
        process.wait()
