"""The object store: files are written once, named by their SHA-256, and removed if no row refers to them."""

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db.models import Q

from webapp.imaging.archive.models import Instance
from workers import configuration, storage

PREAMBLE = 128
#: First bytes of (0002,0000), File Meta Information Group Length, and (0002,0010), Transfer Syntax UID (PS3.10 7.1).
META_LENGTH, SYNTAX = b"\x02\x00\x00\x00UL\x04\x00", b"\x02\x00\x10\x00UI"
META_LARGEST = 64 << 10
TIFF = (b"II*\x00", b"MM\x00*")  # the one legitimate preamble: whole-slide files that are also TIFF (PS3.10 7.1)


@dataclass(frozen=True)
class Bytes:
    """A file with the digests of its bytes as sent and as stored.

    Attributes
    ----------
    path
        The file to be stored.
    original_sha256, sha256
        Digests of the bytes as sent and as stored; they differ if the preamble is cleared or a picture is wrapped.
    is_emptied
        Whether the preamble holds foreign bytes, which are replaced by zeros when the file is stored.
    """

    path: Path
    original_sha256: str
    sha256: str
    is_emptied: bool = False


def digest_file(path: Path) -> Bytes:
    """Return a file with its digests; with a preamble that may hide a program, `sha256` is that of the cleared file."""
    with path.open("rb") as file:
        original = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        start = file.read(PREAMBLE + 4)
        if start[PREAMBLE:] != b"DICM" or not any(start[:PREAMBLE]) or start.startswith(TIFF):
            return Bytes(path, original, original)
        digest = hashlib.sha256(bytes(PREAMBLE) + b"DICM")
        while piece := file.read(1 << 20):
            digest.update(piece)
    return Bytes(path, original, digest.hexdigest(), is_emptied=True)


def digest_picture(wrapped: Path, *, original_sha256: str) -> Bytes:
    """Return the DICOM object that wraps a picture, with its digest and the given one of the picture."""
    with wrapped.open("rb") as file:
        return Bytes(wrapped, original_sha256, hashlib.file_digest(file, "sha256").hexdigest())


def is_same_data_set(path: Path, other: Path) -> bool:
    """Return whether two DICOM files hold the same data set in the same transfer syntax.

    The file meta information is not compared: it describes the writer of the file (PS3.10 7.1) and is not sent over
    the network; each receiver writes its own.
    """
    mine, theirs = _data_set_digest(path), _data_set_digest(other)
    return bool(mine) and mine == theirs


def _data_set_digest(path: Path) -> str:
    """Return the digest of transfer syntax and data set; "" if the file does not state where its data set begins."""
    with path.open("rb") as file:
        start = file.read(PREAMBLE + 16)
        length = int.from_bytes(start[PREAMBLE + 12 :], "little")
        if start[PREAMBLE : PREAMBLE + 12] != b"DICM" + META_LENGTH or length > META_LARGEST:
            return ""
        meta = file.read(length)
        at = meta.find(SYNTAX) + len(SYNTAX)
        syntax = meta[at + 2 : at + 2 + int.from_bytes(meta[at : at + 2], "little")]
        digest = hashlib.sha256(syntax.rstrip(b"\x00 ") + b"\x00")
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


@contextmanager
def store_bytes(weighed: Bytes) -> Iterator[None]:
    """Store the bytes, synced to disk, and lock out the sweep while the caller writes the row that refers to them.

    Raises
    ------
    OSError
        If the disk is full; no partial file is left behind.
    """
    target = storage.object_path(weighed.sha256)
    with _locked(target.parent, fcntl.LOCK_SH):
        if not target.exists():
            with storage.written_whole(target) as unfinished:
                shutil.copyfile(weighed.path, unfinished)
                if weighed.is_emptied:
                    with unfinished.open("rb+") as file:
                        file.write(bytes(PREAMBLE))
        else:
            storage.sync_folder(target.parent)  # the process that renamed it there may not have synced the folder yet
        yield


def sweep_objects(*, older_than_seconds: float) -> int:
    """Remove files that no row refers to (the process died before writing the row); return how many were removed."""
    removed = 0
    for folder in sorted(configuration.made(storage.root() / "objects").iterdir()):
        with _locked(folder, fcntl.LOCK_EX):
            old = {path.name: path for path in folder.iterdir() if _age(path) > older_than_seconds}
            owned = Instance.objects.filter(Q(sha256__in=old) | Q(original_sha256__in=old))
            # `original_sha256` too: a running analysis may still read a picture stored before pictures were wrapped.
            for name in old.keys() - {
                digest for row in owned.values_list("sha256", "original_sha256") for digest in row
            }:
                old[name].unlink()
                removed += 1
    return removed


def _age(path: Path) -> float:
    return time.time() - path.stat().st_mtime


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    """Hold a lock on a folder of objects: shared while storing, exclusive while sweeping."""
    handle = os.open(configuration.made(folder), os.O_RDONLY)
    try:
        fcntl.flock(handle, how)
        yield
    finally:
        os.close(handle)
