"""Where things lie in the data folder, and how a file comes to lie there whole or not at all.

objects/ab/abcdef...        stored bytes, named by their sha256
masks/ab/abcdef...          outlines that people drew, PNG, named by their sha256
runs/<run>/<attempt>/       request.json, heartbeat; out/ appears whole, by one rename (registrations too)
cache/                      pictures for the screen; may be emptied at any time
exports/                    zips on their way out; each appears whole
tmp/                        unfinished writes; swept
queue/                      the embedded queue
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from workers import configuration


def root() -> Path:
    """Return the data folder."""
    return configuration.data_folder()


def temporary() -> Path:
    """Return a fresh path for an unfinished write, on the same disk as everything else."""
    return configuration.made(root() / "tmp") / uuid4().hex


def object_path(sha256: str) -> Path:
    """Return where the stored object of that digest lies."""
    return _by_digest("objects", sha256)


def mask_path(sha256: str) -> Path:
    """Return where the drawn mask of that digest lies."""
    return _by_digest("masks", sha256)


def export_path(export: UUID) -> Path:
    """Return where the zip of an export lies."""
    return root() / "exports" / f"{export}.zip"


def cache_path(name: str) -> Path:
    """Return a path in the cache of drawn pictures."""
    return configuration.made(root() / "cache") / name


def _by_digest(kind: str, sha256: str) -> Path:
    if len(sha256) != 64 or not sha256.isalnum():
        raise ValueError("A stored object is named by 64 hexadecimal digits.")
    return root() / kind / sha256[:2] / sha256


def sync_folder(folder: Path) -> None:
    """Make a rename within `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yield a temporary path; when the block ends well, its file appears at `path` in one step.

    The bytes are synced before the rename and the folder after it, so that what was acknowledged is there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = temporary()
    try:
        yield unfinished
        with unfinished.open("rb+") as file:
            os.fsync(file.fileno())
        unfinished.replace(path)
        sync_folder(path.parent)
    finally:
        unfinished.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a small file whole."""
    with written_whole(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


def sweep_unfinished(*, older_than_seconds: float) -> int:
    """Remove writes that nobody will finish (their process died); return how many."""
    removed = 0
    for path in configuration.made(root() / "tmp").iterdir():
        try:
            if time.time() - path.stat().st_mtime < older_than_seconds:
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()
            removed += 1
        except FileNotFoundError:
            continue  # Its own process just finished or removed it.
    return removed


@dataclass(frozen=True)
class Attempt:
    """The folder of one attempt at one run."""

    run: UUID
    number: int

    @property
    def folder(self) -> Path:
        """Folder of this attempt."""
        return root() / "runs" / str(self.run) / str(self.number)

    @property
    def request(self) -> Path:
        """What is asked (JSON of AnalysisRequest)."""
        return self.folder / "request.json"

    @property
    def heartbeat(self) -> Path:
        """Made by the worker that claims the attempt, touched while it lives."""
        return self.folder / "heartbeat"

    @property
    def out(self) -> Path:
        """The answer's folder: result.json and its pictures. Appears whole."""
        return self.folder / "out"

    @property
    def result(self) -> Path:
        """The answer (JSON of AnalysisResult)."""
        return self.out / "result.json"

    def claim(self) -> bool:
        """Take this attempt for the calling worker; False where another one has it already."""
        if not self.folder.is_dir():
            return False
        try:
            # The claim is the first heartbeat: a worker killed right after it is missed like any other.
            os.close(os.open(self.heartbeat, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        return True

    def heartbeat_age(self) -> float | None:
        """Return seconds since the worker last said that it lives; None while nobody has claimed."""
        try:
            return max(0.0, time.time() - self.heartbeat.stat().st_mtime)
        except FileNotFoundError:
            return None

    def publish(self, unfinished: Path) -> None:
        """Let a finished answer folder appear, synced, in one step."""
        for file in unfinished.iterdir():
            with file.open("rb+") as handle:
                os.fsync(handle.fileno())
        sync_folder(unfinished)
        unfinished.replace(self.out)
        sync_folder(self.folder)
