"""Access to a folder into which others write, without ever leaving it.

Every operation goes through open directory descriptors and refuses symbolic links (O_NOFOLLOW), so that nobody with
write access to the folder can make us read or move a file outside it.
"""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

DONE, REFUSED = "done", "refused"
#: Endings that programs give to files that they are still writing.
PARTIAL = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".filepart", "~")
#: Deepest level of nested folders; DICOM media have four.
DEPTH = 16
#: Most bytes of a file name: with ".reason.txt" and a number, it must stay below 255.
NAME_BYTES = 200

Place = tuple[str, ...]


class Looks(NamedTuple):
    """The inode number, size and modification time of a file, by which a change is noticed."""

    number: int
    size: int
    changed_ns: int

    @classmethod
    def of(cls, found: os.stat_result) -> "Looks":
        """Return those of a stat result."""
        return cls(found.st_ino, found.st_size, found.st_mtime_ns)


class ChangedError(Exception):
    """The file is still being written, or no longer there."""


class UnreadableError(Exception):
    """We have no permission to read the file."""


@dataclass(frozen=True)
class OpenFolder:
    """The watched folder, as an open directory descriptor."""

    handle: int

    def files(self) -> dict[Place, Looks]:
        """Return all regular files in it and below, except hidden and partial ones and those in `done` or `refused`."""
        found: dict[Place, Looks] = {}
        for above, folders, names, handle in os.fwalk(".", dir_fd=self.handle, follow_symlinks=False):
            place = Path(above).parts
            folders[:] = [name for name in folders if _is_shown(name) and (place or name not in {DONE, REFUSED})]
            if len(place) >= DEPTH:
                folders.clear()
            for name in filter(_is_shown, names):
                try:
                    looks = os.stat(name, dir_fd=handle, follow_symlinks=False)
                except FileNotFoundError:
                    continue  # moved meanwhile
                if stat.S_ISREG(looks.st_mode):
                    found[(*place, name)] = Looks.of(looks)
        return found

    def copy(self, place: Place, *, looks: Looks, out: Path) -> None:
        """Copy a file to `out`, provided that it still looks like `looks`.

        Raises
        ------
        ChangedError
            If it changed before or while it was copied.
        UnreadableError
            If we have no permission to read it.
        """
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            with self._opened(place[:-1]) as folder:
                handle = os.open(place[-1], flags, dir_fd=folder)
        except PermissionError as closed:
            raise UnreadableError from closed
        except OSError as gone:
            raise ChangedError from gone
        with os.fdopen(handle, "rb") as file:
            with out.open("xb") as copied:
                if Looks.of(os.fstat(handle)) == looks:
                    shutil.copyfileobj(file, copied, 1 << 20)
            if Looks.of(os.fstat(handle)) != looks:
                raise ChangedError

    def put_away(self, place: Place, *, looks: Looks, into: str, reason: str = "") -> None:
        """Move a file into `done` or `refused`, with the reason in a text file beside it.

        Raises
        ------
        ChangedError
            If it has changed or gone; a changed file stays where it is.
        """
        with self._opened(place[:-1]) as folder, self._opened((into, *place[:-1]), make=True) as target:
            name = _free_name(target, place[-1])
            try:
                if Looks.of(os.stat(place[-1], dir_fd=folder, follow_symlinks=False)) != looks:
                    raise ChangedError
            except FileNotFoundError as gone:
                raise ChangedError from gone
            if reason:  # written first: a crash in between must not leave a refused file without its reason
                flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
                with os.fdopen(os.open(f"{name}.reason.txt", flags, 0o644, dir_fd=target), "w") as out:
                    out.write(f"{reason}\n")
            os.rename(place[-1], name, src_dir_fd=folder, dst_dir_fd=target)

    @contextmanager
    def _opened(self, place: Place, *, make: bool = False) -> Iterator[int]:
        """Yield an open descriptor of a folder below; with `make`, create missing folders."""
        held = os.dup(self.handle)
        try:
            for name in place:
                if make and not _is_there(held, name):
                    os.mkdir(name, dir_fd=held)
                deeper = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=held)
                os.close(held)
                held = deeper
            yield held
        finally:
            os.close(held)


@contextmanager
def open_folder(path: Path) -> Iterator[OpenFolder]:
    """Open the watched folder, and create its folders `done` and `refused` if they are missing.

    Raises
    ------
    OSError
        If it is missing or not writable, or if `done` or `refused` is not a real folder in it.
    """
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        folder = OpenFolder(handle)
        for name in (DONE, REFUSED):
            with folder._opened((name,), make=True) as inside:
                os.close(os.open(".probe", os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600, dir_fd=inside))
                os.unlink(".probe", dir_fd=inside)
        yield folder
    finally:
        os.close(handle)


def _is_shown(name: str) -> bool:
    return not name.startswith(".") and not name.lower().endswith(PARTIAL)


def _is_there(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _free_name(folder: int, name: str) -> str:
    """Return the name, with a number appended if it is already taken."""
    short = Path(os.fsdecode(os.fsencode(name)[-NAME_BYTES:]))
    number, free = 1, short.name
    while _is_there(folder, free):
        number += 1
        free = f"{short.stem} ({number}){short.suffix}"
    return free
