"""What must be true before Readroom is set up or started, each refused with one plain sentence."""

import os
import shutil
import socket
import sys
from pathlib import Path

from deploy.plainly import CannotContinueError

SETUP_BYTES = 6 * 2**30  # the virtual environment takes 2.6 GB, fetching and unpacking it as much again
RUN_BYTES = 512 * 2**20  # below this, uploads would be refused at once


def check_python() -> None:
    """Refuse another Python than 3.11.

    Raises
    ------
    CannotContinueError
        If this interpreter is not CPython 3.11: the locks hold wheels for that one.
    """
    if sys.version_info[:2] != (3, 11):
        found = ".".join(map(str, sys.version_info[:2]))
        raise CannotContinueError(f"Readroom needs Python 3.11; this is {found}.")


def check_disk(folder: Path, *, needed: int) -> None:
    """Refuse a disk with fewer than `needed` bytes free.

    Parameters
    ----------
    folder
        Where the bytes would go; it need not exist yet.
    needed
        Free space asked for, in bytes.

    Raises
    ------
    CannotContinueError
        If less is free.
    """
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise CannotContinueError(
            f"The disk that holds {folder} has {free / 1e9:.1f} GB free and Readroom needs {needed / 1e9:.1f} GB: "
            "free some space, or name another folder with DATA=folder."
        )


def check_port(port: int) -> None:
    """Refuse a port that somebody else listens on.

    Raises
    ------
    CannotContinueError
        If the port cannot be bound on the loopback address.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the web server does it: a port that only waits out its last connections is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise CannotContinueError(
                f"Port {port} may only be used by the system: choose one above 1023, for instance PORT=8001."
            ) from None
        except OSError:
            raise CannotContinueError(
                f"Port {port} is taken by another program: stop it, or choose another, for instance "
                f"`make run PORT={port + 1}`."
            ) from None


def check_folder(folder: Path) -> None:
    """Make the data folder and refuse one that cannot be written.

    Raises
    ------
    CannotContinueError
        If it is a file, or the place is read-only or another user's.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        raise CannotContinueError(f"Readroom cannot write to {folder}: {error.strerror}.") from None
