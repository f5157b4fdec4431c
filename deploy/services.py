"""The three processes that are Readroom on one machine, and the environment they share."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Service:
    """One process that is kept running."""

    name: str
    command: tuple[str, ...]


def embedded_services(*, port: int) -> tuple[Service, ...]:
    """Return web, housekeeping and worker for one machine, the web on the loopback address only."""
    python = sys.executable
    web = (python, "-m", "gunicorn", "webapp.wsgi", f"--bind=127.0.0.1:{port}", "--worker-class=gthread")
    worker = (python, "-m", "celery", "--app=workers.app", "worker", "--queues=analysis", "--concurrency=1")
    return (
        Service("web", (*web, "--workers=2", "--threads=4", "--timeout=120", "--worker-tmp-dir=/dev/shm")),
        Service("housekeeping", (python, "manage.py", "housekeeping")),
        Service("worker", (*worker, "--loglevel=INFO", "--without-gossip", "--without-mingle", "--without-heartbeat")),
    )


def shared_environment(*, data: Path) -> dict[str, str]:
    """Return the environment of every process: the caller's, and where the data lies."""
    return {**os.environ, "READROOM_DATA": str(data), "PYTHONUNBUFFERED": "1"}
