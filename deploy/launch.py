"""Start Readroom on this machine and keep it running: ``python -m deploy.launch`` (what ``make run`` does)."""

import argparse
import fcntl
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.checks import RUN_BYTES, check_disk, check_folder, check_port
from deploy.plainly import CannotContinueError
from deploy.services import DICOM_ABOVE, ROOT, dicom_environment, embedded_services, shared_environment
from deploy.supervisor import Keeper, Supervisor, end_with_parent

STOP = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
READY_SECONDS = 60.0


def say(sentence: str) -> None:
    """Tell the person at the terminal, at once."""
    print(sentence, flush=True)


def first_steps(environment: dict[str, str]) -> str:
    """Bring tables, static files and demo accounts up to date; return the accounts.

    Raises
    ------
    CannotContinueError
        If that fails, with the last line of the complaint.
    """
    command = [sys.executable, "-m", "deploy.first_steps"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        complaint = (done.stderr.strip() or "no reason given").splitlines()[-1]
        raise CannotContinueError(f"Readroom could not be made ready: {complaint}")
    return done.stdout


def answers(port: int) -> bool:
    """Return whether the web server says that it is well."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Hold the data folder: two Readrooms over one folder would run every housekeeping twice."""
    with (data / ".running").open("w") as turn:
        try:
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotContinueError(f"Readroom already runs on {data}: stop it, or name another folder.") from None
        yield


def wait_until_ready(supervisor: Supervisor, *, port: int) -> bool:
    """Wait until the web server answers; return False if the person stopped us meanwhile.

    Raises
    ------
    CannotContinueError
        If a service ends before that, or the minute is over.
    """
    deadline = time.monotonic() + READY_SECONDS
    while not answers(port):
        for keeper in supervisor.keepers:
            if keeper.ended() is not None:
                raise CannotContinueError(f"Readroom's {keeper.service.name} could not start; see {keeper.log}")
        if time.monotonic() > deadline:
            raise CannotContinueError(f"Readroom did not answer within a minute; see {supervisor.keepers[0].log}")
        if signal.sigtimedwait(STOP, 0.1) is not None:
            return False
    return True


def keep_running(supervisor: Supervisor) -> None:
    """Tend the services until the person asks us to stop; sleeps until a child ends or a restart is due."""
    while True:
        heard = signal.sigtimedwait({*STOP, signal.SIGCHLD}, 1.0)
        if heard is not None and signal.Signals(heard.si_signo) in STOP:
            return
        supervisor.tend()


def with_listener(environment: dict[str, str], *, port: int) -> dict[str, str]:
    """Return the environment with a DICOM port: the one that the person chose (0 for none), else a free one of ours."""
    ours = port + DICOM_ABOVE
    if not environment.get("READROOM_DICOM_PORT"):
        try:
            check_port(ours)
        except (CannotContinueError, OverflowError):
            say(f"DICOM is not received: port {ours} cannot be had. READROOM_DICOM_PORT names another one.")
            return environment
    return {**dicom_environment(port=ours), **{name: value for name, value in environment.items() if value}}


def welcome(*, port: int, accounts: str, environment: dict[str, str] | None = None) -> str:
    """Return what the person is told once Readroom is ready.

    Parameters
    ----------
    port
        Where the web server listens.
    accounts
        One demo account a line: role, user name, password.
    environment
        Of the services: where DICOM is received.
    """
    lines = [f"\nReadroom is ready: http://127.0.0.1:{port}"]
    for role, name, password in (line.split() for line in accounts.splitlines()):
        lines.append(f"  demo {role}: user name {name}, password {password}")
    if (dicom := (environment or {}).get("READROOM_DICOM_PORT", "0")) not in {"", "0"}:
        title = (environment or {}).get("READROOM_DICOM_TITLE") or "READROOM"
        lines.append(f"  DICOM: send to {title}, port {dicom}")
    return "\n".join([*lines, "Stop it with Ctrl-C.\n"])


def launch(*, port: int, data: Path) -> None:
    """Check, set up, start, say where, keep running, stop.

    Raises
    ------
    CannotContinueError
        If a prerequisite is missing or a service cannot start.
    """
    check_folder(data)
    check_disk(data, needed=RUN_BYTES)
    with only_one(data):
        check_port(port)
        environment = with_listener(shared_environment(data=data), port=port)
        accounts = first_steps(environment)
        logs = data / "logs"
        logs.mkdir(exist_ok=True)
        services = embedded_services(port=port, environment=environment)
        supervisor = Supervisor([Keeper(each, environment=environment, logs=logs) for each in services], say=say)
        signal.pthread_sigmask(signal.SIG_BLOCK, {*STOP, signal.SIGCHLD})
        try:
            supervisor.tend()
            if wait_until_ready(supervisor, port=port):
                say(welcome(port=port, accounts=accounts, environment=environment))
                keep_running(supervisor)
            say("Stopping ...")
        finally:
            supervisor.stop()


def main() -> int:
    """Read the two settings and launch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="port on 127.0.0.1")
    parser.add_argument("--data", type=Path, default=ROOT / "data", help="folder that keeps everything")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # until the services run, as Ctrl-C
    if "MAKELEVEL" in os.environ:
        end_with_parent()  # a `make run` that is killed takes us along
    try:
        launch(port=options.port, data=options.data.resolve())
    except CannotContinueError as reason:
        print(reason, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
