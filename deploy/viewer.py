"""Build the viewer's static files: ``python3.11 -m deploy.viewer`` (what ``make viewer`` and ``make run`` do).

Quick when nothing has changed: a stamp next to the files holds the digest of the sources from which they were built.
"""

import argparse
import fcntl
import hashlib
import re
import subprocess
import sys
from pathlib import Path

from deploy.errors import CannotContinueError

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "webapp" / "reading" / "viewer" / "frontend"
BUILT = ROOT / "webapp" / "reading" / "viewer" / "static" / "viewer"
STAMP = BUILT / ".made-from"
PACKAGES = SOURCES / "node_modules"
#: Holds the digest of the lock from which node_modules was installed.
INSTALLED = PACKAGES / ".made-from"
#: The oldest version that Vite 8 supports.
OLDEST_NODE = (20, 19)


def lock_digest() -> str:
    """Return the digest of the files from which the packages are installed."""
    names = ("package.json", "package-lock.json", ".npmrc")
    return hashlib.sha256(b"\0".join((SOURCES / name).read_bytes() for name in names)).hexdigest()


def made_from() -> str:
    """Return the digest of everything from which the static files are built."""
    digest = hashlib.sha256(lock_digest().encode())
    for path in sorted([*SOURCES.glob("src/**/*"), SOURCES / "vite.config.ts", SOURCES / "tsconfig.json"]):
        if path.is_file():
            digest.update(f"\0{path.relative_to(SOURCES)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def check_node() -> None:
    """Raise CannotContinueError with a sentence if Node or npm is missing or too old."""
    required = "The viewer is built with Node 20.19 or newer and npm"
    try:
        version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
        subprocess.run(["npm", "--version"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        raise CannotContinueError(f"{required}; this machine does not have them.") from None
    numbers = re.match(r"v(\d+)\.(\d+)", version)
    if numbers is None or tuple(map(int, numbers.groups())) < OLDEST_NODE:
        raise CannotContinueError(f"{required}; this machine has Node {version.strip().removeprefix('v')}.")


def run(*words: str, failing: str) -> None:
    """Run a command in the folder of the sources, quietly unless it fails.

    Raises
    ------
    CannotContinueError
        With the sentence `failing`, after the command's own output.
    """
    done = subprocess.run(words, cwd=SOURCES, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        raise CannotContinueError(failing)


def install() -> None:
    """Install the locked packages, unless they are installed."""
    if INSTALLED.exists() and INSTALLED.read_text() == lock_digest():
        return
    check_node()
    run(
        "npm",
        "ci",
        "--ignore-scripts",
        failing="The viewer's packages could not be fetched: see above, then check the network and run this again.",
    )
    INSTALLED.write_text(lock_digest())


def build() -> None:
    """Rebuild the static files if their sources have changed; one build at a time.

    Raises
    ------
    CannotContinueError
        If Node is missing or too old, the packages cannot be fetched, or the sources cannot be built.
    """
    with (ROOT / ".viewer.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        sources = made_from()
        if STAMP.exists() and STAMP.read_text() == sources:
            return
        check_node()
        print("Building the viewer (a minute, once) ...", flush=True)
        install()
        run("npm", "run", "--silent", "build", failing="The viewer could not be built: see above.")
        STAMP.write_text(sources)  # as they were before the build: an edit meanwhile leads to another build


def check() -> None:
    """Check types, style, imports and unused code, and run the tests that need no browser."""
    install()
    run("npm", "run", "--silent", "check", failing="The viewer's types do not fit.")
    run("npm", "run", "--silent", "lint", failing="The viewer's linter found something.")
    run("npm", "run", "--silent", "unused", failing="The viewer has dependencies or exports that nothing uses.")
    run("npm", "test", "--silent", failing="The viewer's tests fail.")


def main() -> int:
    """Build or check; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="check types, style, imports and units instead")
    parser.add_argument("--or-without", action="store_true", help="go on without a viewer where it cannot be built")
    options = parser.parse_args()
    try:
        check() if options.check else build()
    except CannotContinueError as reason:
        print(reason, file=sys.stderr)
        if options.or_without:
            print("Readroom starts without its viewer; the study page shows the images.", file=sys.stderr)
        return 0 if options.or_without else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
