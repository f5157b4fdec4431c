"""Make the virtual environment from the locks: ``python3.11 -m deploy.venv`` (what ``make setup`` does).

pip fetches uv, the one thing that it is needed for; uv finds out what is missing and installs it.
"""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from deploy.checks import SETUP_BYTES, check_disk
from deploy.errors import CannotContinueError

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
LOCKS = ROOT / "requirements"
NETWORK = "The Python packages could not be fetched: see above, then check the network and run this again."
# pip's settings, under the names that uv reads: a site that points pip at its own index need not do it twice.
PIP_TO_UV = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_INDEX",
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
    "PIP_CERT": "SSL_CERT_FILE",
}


def uv_settings(given: dict[str, str]) -> dict[str, str]:
    """Return the environment for uv: what was given, and pip's settings where uv's own are absent."""
    translated = {theirs: given[ours] for ours, theirs in PIP_TO_UV.items() if given.get(ours)}
    return {**translated, **given}


def run(*command: str, failing: str) -> None:
    """Run one command; raise CannotContinueError with the sentence `failing` after it has printed its own reasons."""
    try:
        subprocess.run(command, cwd=ROOT, env=uv_settings(dict(os.environ)), check=True)
    except (subprocess.CalledProcessError, OSError):
        raise CannotContinueError(failing) from None


def install() -> None:
    """Bring the environment up to date with the locks, in the build of torch that this machine can have."""
    python, uv = str(ENVIRONMENT / "bin" / "python"), str(ENVIRONMENT / "bin" / "uv")
    if not (ENVIRONMENT / "bin" / "pip").exists():
        advice = "A virtual environment could not be made: `apt install python3.11-venv`, then run this again."
        run(sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT), failing=advice)
    run(python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(LOCKS / "setup.lock"), failing=NETWORK)
    locked = (uv, "pip", "install", "--quiet", "--python", python, "--no-deps", "--require-hashes", "--requirement")
    run(*locked, str(LOCKS / "dev.lock"), failing=NETWORK)
    try:
        run(*locked, str(LOCKS / "cpu.lock"), failing="no CPU build")
    except CannotContinueError:
        print("No CPU build of torch at hand: fetching the public one with its CUDA libraries (some GB).", flush=True)
        run(*locked, str(LOCKS / "cuda.lock"), failing=NETWORK)


def main() -> int:
    """Install, one setup of this checkout at a time, or say in one sentence why not."""
    with (ROOT / ".venv.lock").open("w") as turn:
        try:
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another setup of this checkout to finish ...", flush=True)
            fcntl.flock(turn, fcntl.LOCK_EX)
        try:
            check_disk(ENVIRONMENT, needed=SETUP_BYTES)
            print("Setting up (a minute or two, once) ...", flush=True)
            install()
        except CannotContinueError as reason:
            print(reason, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
