"""Set up the virtual environment from the lock: ``python3.11 -m deploy.prepare`` (what ``make setup`` does).

Quick when nothing changed: a stamp beside the environment holds the digest of what it was made from.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from deploy.checks import SETUP_BYTES, check_disk, check_python
from deploy.plainly import CannotContinueError

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
STAMP = ENVIRONMENT / ".made-from"
LOCKS = ROOT / "requirements"
# pip's settings, under the names that uv reads: a site that points pip at its own index need not do it twice.
PIP_TO_UV = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_INDEX",
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
    "PIP_CERT": "SSL_CERT_FILE",
}


def made_from() -> str:
    """Return the digest of everything that the environment is made from."""
    parts = [
        sys.version.encode(),
        *((LOCKS / f"{name}.lock").read_bytes() for name in ("setup", "dev", "cpu", "cuda")),
    ]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def uv_settings(given: dict[str, str]) -> dict[str, str]:
    """Return the environment for uv: what was given, and pip's settings where uv's own are absent."""
    translated = {theirs: given[ours] for ours, theirs in PIP_TO_UV.items() if given.get(ours)}
    return {**translated, **given}


def run(*words: str, failing: str) -> None:
    """Run one command of the setup.

    Raises
    ------
    CannotContinueError
        With the sentence `failing`, after the command has told its own story on the terminal.
    """
    try:
        subprocess.run(words, cwd=ROOT, env=uv_settings(dict(os.environ)), check=True)
    except (subprocess.CalledProcessError, OSError):
        raise CannotContinueError(failing) from None


def install() -> None:
    """Make the environment and install the lock, in the build of torch that this machine can have."""
    python, uv = str(ENVIRONMENT / "bin" / "python"), str(ENVIRONMENT / "bin" / "uv")
    network = "The Python packages could not be fetched: see above, then check the network and run this again."
    if not (ENVIRONMENT / "bin" / "pip").exists():
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        advice = "A virtual environment could not be made: `apt install python3.11-venv`, then run this again."
        run(sys.executable, "-m", "venv", str(ENVIRONMENT), failing=advice)
    run(python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(LOCKS / "setup.lock"), failing=network)
    locked = (uv, "pip", "install", "--quiet", "--python", python, "--no-deps", "--require-hashes", "--requirement")
    run(*locked, str(LOCKS / "dev.lock"), failing=network)
    try:
        run(*locked, str(LOCKS / "cpu.lock"), failing="no CPU build")
    except CannotContinueError:
        print("No CPU build of torch at hand: fetching the public one with its CUDA libraries (some GB).", flush=True)
        run(*locked, str(LOCKS / "cuda.lock"), failing=network)


def prepare() -> None:
    """Bring the environment up to date with the locks; one setup at a time."""
    check_python()
    with (ROOT / ".prepare.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if STAMP.exists() and STAMP.read_text() == made_from():
            return
        check_disk(ENVIRONMENT, needed=SETUP_BYTES)
        print("Setting up (a minute or two, once) ...", flush=True)
        install()
        STAMP.write_text(made_from())


def main() -> int:
    """Prepare, or say in one sentence why not."""
    try:
        prepare()
    except CannotContinueError as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
