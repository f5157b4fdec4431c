"""What must be true before Readroom is set up or started; each raises CannotContinueError with one sentence."""

import os
import shutil
import socket
from pathlib import Path

from deploy.errors import CannotContinueError

SETUP_BYTES = 6 * 2**30  # the virtual environment takes 2.6 GB, fetching and unpacking it as much again
RUN_BYTES = 512 * 2**20  # below this, uploads would be refused at once


def check_disk(folder: Path, *, needed: int) -> None:
    """Refuse a disk with fewer than `needed` bytes free; the folder need not exist yet."""
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise CannotContinueError(
            f"The disk that holds {folder} has {free / 1e9:.1f} GB free and Readroom needs {needed / 1e9:.1f} GB: "
            "free some space, or name another folder with DATA=folder."
        )


def check_port(port: int) -> None:
    """Refuse a port that cannot be bound on the loopback address."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the web server does it: a port that only waits out its last connections is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            sentence = f"Port {port} may only be used by the system: choose one above 1023, for instance PORT=8001."
            raise CannotContinueError(sentence) from None
        except OSError:
            advice = f"stop it, or choose another, for instance `make run PORT={port + 1}`."
            raise CannotContinueError(f"Port {port} is taken by another program: {advice}") from None


def check_folder(folder: Path) -> None:
    """Make the data folder and refuse one that cannot be written: a file, a read-only place, another user's."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        raise CannotContinueError(f"Readroom cannot write to {folder}: {error.strerror}.") from None
