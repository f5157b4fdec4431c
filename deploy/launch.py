"""Start Readroom on this machine and keep it running: ``python -m deploy.launch`` (what ``make run`` does)."""

import argparse
import fcntl
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from deploy.checks import RUN_BYTES, check_disk, check_folder, check_port
from deploy.errors import CannotContinueError
from deploy.services import DICOM_ABOVE, dicom_environment, embedded_services, is_set, shared_environment
from deploy.supervisor import ROOT, Service, end_with_parent, stop, tend

STOP = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
REMIND_SECONDS = 15.0  # how often somebody who waits reads for what


def say(sentence: str) -> None:
    """Tell the person at the terminal, at once."""
    print(sentence, flush=True)


def answers(port: int) -> bool:
    """Return whether the web server says that it is well."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Hold the data folder: two Readrooms over one folder would run every housekeeping twice."""
    with (data / ".running").open("w") as turn:
        try:
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotContinueError(f"Readroom already runs on {data}: stop it, or name another folder.") from None
        yield


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


def bootstrap(environment: dict[str, str]) -> str:
    """Bring tables, static files and demo accounts up to date; return the accounts."""
    command = [sys.executable, "-m", "deploy.bootstrap"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        complaint = (done.stderr.strip() or "no reason given").splitlines()[-1]
        raise CannotContinueError(f"Readroom could not be made ready: {complaint}")
    return done.stdout


def welcome(*, port: int, accounts: str, environment: dict[str, str]) -> str:
    """Return what the person reads once Readroom is ready; accounts are lines of role, user name and password."""
    lines = [f"\nReadroom is ready: http://127.0.0.1:{port}"]
    for role, name, password in (line.split() for line in accounts.splitlines()):
        lines.append(f"  demo {role}: user name {name}, password {password}")
    lines.append(f"  demo accounts as they were made: {environment['READROOM_DATA']}/demo-accounts.txt")
    if is_set(environment, "READROOM_DICOM_PORT"):
        title = environment.get("READROOM_DICOM_TITLE") or "READROOM"
        lines.append(f"  DICOM: send to {title}, port {environment['READROOM_DICOM_PORT']}")
    return "\n".join([*lines, "Stop it with Ctrl-C.\n"])


def is_asked_to_stop(*, within: float) -> bool:
    """Sleep for so many seconds, or until a signal comes; return whether it asks us to stop."""
    heard = signal.sigtimedwait({*STOP, signal.SIGCHLD}, within)
    return heard is not None and heard.si_signo in STOP


def wait_until_ready(services: Sequence[Service], *, port: int) -> bool:
    """Wait for the web server as long as every service lives; return False if we are asked to stop meanwhile."""
    remind_at = time.monotonic() + REMIND_SECONDS
    while not answers(port):
        for service in services:
            if service.ended() is not None:
                raise CannotContinueError(f"Readroom's {service.name} could not start; see {service.log}")
        if time.monotonic() > remind_at:
            say(f"Still waiting for the web server to answer on port {port}; see {services[0].log}")
            remind_at += REMIND_SECONDS
        if is_asked_to_stop(within=0.1):
            return False
    return True


def launch(*, port: int, data: Path) -> None:
    """Check, set up, start, say where, keep running, stop."""
    check_folder(data)
    check_disk(data, needed=RUN_BYTES)
    with only_one(data):
        check_port(port)
        environment = with_listener(shared_environment(data=data), port=port)
        say("Preparing tables, static files and demo accounts ...")
        accounts = bootstrap(environment)
        logs = data / "logs"
        logs.mkdir(exist_ok=True)
        services = embedded_services(port=port, environment=environment, logs=logs)
        signal.pthread_sigmask(signal.SIG_BLOCK, {*STOP, signal.SIGCHLD})
        try:
            tend(services, say=say)
            say(f"Waiting for the web server to answer; logs are in {logs} ...")
            if wait_until_ready(services, port=port):
                say(welcome(port=port, accounts=accounts, environment=environment))
                while not is_asked_to_stop(within=1.0):
                    tend(services, say=say)
            say("Stopping ...")
        finally:
            stop(services)


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
