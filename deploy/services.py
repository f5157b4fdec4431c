"""The processes that are Readroom on one machine, and the environment they share."""

import os
import sys
from pathlib import Path

from deploy.supervisor import Service

#: DICOM listens this far above the web: on 11112, the port registered for it, for 8000.
DICOM_ABOVE = 3112
#: Services that run only where a variable names their port or folder.
OPTIONAL = {"READROOM_DICOM_PORT": ("listener", "listen"), "READROOM_WATCHED_FOLDER": ("watcher", "watch")}


def shared_environment(*, data: Path) -> dict[str, str]:
    """Return the environment of every process: the caller's, and where the data lies.

    Static files are collected in the data folder, where no other Readroom of this checkout overwrites them.
    """
    ours = {"READROOM_DATA": str(data), "PYTHONUNBUFFERED": "1"}
    return {"READROOM_STATIC": str(data / "static"), **os.environ, **ours}


def dicom_environment(*, port: int) -> dict[str, str]:
    """Return the listener's settings where nobody chose: it hears this machine alone, and anybody on it."""
    chosen = {"PORT": str(port), "ADDRESS": "127.0.0.1", "TITLE": "READROOM", "CALLERS": "*@127.0.0.1"}
    return {f"READROOM_DICOM_{name}": value for name, value in chosen.items()}


def is_set(environment: dict[str, str], variable: str) -> bool:
    """Return whether a port or folder is named; 0 is none."""
    return environment.get(variable, "0") not in {"", "0"}


def embedded_services(*, port: int, environment: dict[str, str], logs: Path) -> tuple[Service, ...]:
    """Return all services of one machine, the web first and on the loopback address only."""
    python, manage = sys.executable, (sys.executable, "manage.py")
    web = (python, "-m", "gunicorn", "webapp.wsgi", f"--bind=127.0.0.1:{port}", "--worker-class=gthread")
    worker = (python, "-m", "celery", "--app=workers.app", "worker", "--queues=analysis", "--concurrency=1")
    commands = {
        "web": (*web, "--workers=2", "--threads=4", "--timeout=120", "--worker-tmp-dir=/dev/shm"),
        "housekeeping": (*manage, "work"),  # with delivery and sharing, in one process
        "worker": (*worker, "--loglevel=INFO", "--without-gossip", "--without-mingle", "--without-heartbeat"),
        **{name: (*manage, word) for variable, (name, word) in OPTIONAL.items() if is_set(environment, variable)},
    }
    return tuple(Service(name, command, environment, logs / f"{name}.log") for name, command in commands.items())
