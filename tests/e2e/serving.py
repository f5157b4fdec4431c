"""The web side alone, over a scene of every state: nothing moves unless a test lets it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.launch import answers
from tests.servers import free_port, wait_until
from tests.webapp.weights import manifest_drawn

ROOT = Path(__file__).resolve().parents[2]
#: User name and password by role.
ACCOUNTS = {role: (role, f"{role}-here") for role in ("clinician", "senior", "auditor", "admin")}


@dataclass(frozen=True)
class Stage:
    """A running web server and the hand behind its scene."""

    url: str
    environment: dict[str, str]

    def happens(self, event: str) -> None:
        """Let something happen that the pages must notice by themselves; see `tests.webapp.scenes.worklist`."""
        run([sys.executable, "-m", "tests.webapp.scenes.worklist", event], self.environment)


@contextmanager
def served_scene(data: Path, *, weights: Path | None = None) -> Iterator[Stage]:
    """Serve a scene from a data folder, over the drawn list of models where none is named."""
    scene_made(data, weights=weights)
    with served(data, weights=weights) as stage:
        yield stage


@contextmanager
def served_copy(scene: Path, data: Path) -> Iterator[Stage]:
    """Serve a copy of a made scene: what is signed stays signed."""
    with served(Path(shutil.copytree(scene, data))) as stage:
        yield stage


def scene_made(data: Path, *, weights: Path | None = None) -> None:
    """Make the scene in a data folder."""
    manifest_drawn(data / "weights")
    environment = _environment(data, weights)
    for words in (["migrate", "--no-input"], ["collectstatic", "--no-input"], ["demo_users"]):
        run([sys.executable, "manage.py", *words], environment)
    Stage("", environment).happens("all")


@contextmanager
def served(data: Path, *, weights: Path | None = None) -> Iterator[Stage]:
    """Serve what a data folder holds."""
    stage = Stage(url=f"http://127.0.0.1:{(port := free_port())}", environment=_environment(data, weights))
    command = [sys.executable, "-m", "gunicorn", "webapp.wsgi", f"--bind=127.0.0.1:{port}", "--worker-class=gthread"]
    with subprocess.Popen([*command, "--threads=6"], cwd=ROOT, env=stage.environment, stderr=subprocess.DEVNULL) as web:
        try:
            wait_until(lambda: answers(port), what="the web server to answer")
            yield stage
        finally:
            web.terminate()


def _environment(data: Path, weights: Path | None) -> dict[str, str]:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "webapp.settings",
        "READROOM_DATA": str(data),
        "READROOM_WEIGHTS": str(weights or data / "weights"),
        **{f"READROOM_DEMO_{role.upper()}_PASSWORD": password for role, (_name, password) in ACCOUNTS.items()},
    }
    environment.pop("DATABASE_URL", None)
    return environment


def run(command: list[str], environment: dict[str, str]) -> None:
    """Run a command of ours to its end, quietly."""
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
