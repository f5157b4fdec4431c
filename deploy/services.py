"""The processes that are Readroom on one machine, and the environment they share."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: DICOM listens so far above the web: 11112, the port that everybody knows, for 8000.
DICOM_ABOVE = 3112


@dataclass(frozen=True)
class Service:
    """One process that is kept running."""

    name: str
    command: tuple[str, ...]


def embedded_services(*, port: int, environment: dict[str, str]) -> tuple[Service, ...]:
    """Return web, housekeeping (with delivery and sharing) and worker for one machine, the web on the loopback address only.

    Where the environment names a DICOM port or a folder to watch, what listens and watches comes with them.
    """
    python = sys.executable
    web = (python, "-m", "gunicorn", "webapp.wsgi", f"--bind=127.0.0.1:{port}", "--worker-class=gthread")
    worker = (python, "-m", "celery", "--app=workers.app", "worker", "--queues=analysis", "--concurrency=1")
    asked = (("READROOM_DICOM_PORT", "listener", "listen"), ("READROOM_WATCHED_FOLDER", "watcher", "watch"))
    return (
        Service("web", (*web, "--workers=2", "--threads=4", "--timeout=120", "--worker-tmp-dir=/dev/shm")),
        Service("housekeeping", (python, "manage.py", "work")),  # and delivery and sharing, in one process
        Service("worker", (*worker, "--loglevel=INFO", "--without-gossip", "--without-mingle", "--without-heartbeat")),
        *(
            Service(name, (python, "manage.py", word))
            for variable, name, word in asked
            if environment.get(variable, "0") not in {"", "0"}
        ),
    )


def shared_environment(*, data: Path) -> dict[str, str]:
    """Return the environment of every process: the caller's, and where the data lies."""
    return {**os.environ, "READROOM_DATA": str(data), "PYTHONUNBUFFERED": "1"}


def dicom_environment(*, port: int) -> dict[str, str]:
    """Return what the listener is told where nobody chose: it hears this machine alone, and anybody on it."""
    return {
        "READROOM_DICOM_PORT": str(port),
        "READROOM_DICOM_ADDRESS": "127.0.0.1",
        "READROOM_DICOM_TITLE": "READROOM",
        "READROOM_DICOM_CALLERS": "*@127.0.0.1",
    }
