"""Zip archives: members are unpacked one at a time, under limits; their names are only shown back to the sender."""

import io
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workers import storage
from workers.api import Refused

#: Most members of one archive: a whole-body CT with its reconstructions has several thousand.
MEMBERS = 20_000
#: Most bytes of an archive's central directory, which is read in one piece: MEMBERS entries of 400 bytes each.
DIRECTORY_BYTES = 8 << 20
#: Most bytes of all members together, unpacked.
UNPACKED_BYTES = 8 << 30
#: Real images compress to a tenth, empty ones to a hundredth; a large member that compresses further is a zip bomb.
RATIO, RATIO_MATTERS_BYTES = 100, 16 << 20
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # the others can demand gigabytes of memory to unpack one byte
ENCRYPTED = 0x1  # general purpose bit 0
NAME_LONGEST = 300

BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    IndexError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
)


@dataclass(frozen=True)
class Member:
    """One file of an archive: unpacked at `path` until the next one is requested, or refused with a reason."""

    name: str
    path: Path | None
    reason: str = ""


def is_zip(path: Path) -> bool:
    """Return whether a file starts with the signature of a zip archive (including an empty one)."""
    with path.open("rb") as file:
        return file.read(4) in {b"PK\x03\x04", b"PK\x05\x06"}


def unpack_members(path: Path, *, largest: int) -> Iterator[Member]:
    """Unpack the files of an archive, one at a time.

    Parameters
    ----------
    path
        The archive.
    largest
        Most bytes of one file, unpacked.

    Yields
    ------
    Member
        In the archive's order, without its folders.

    Raises
    ------
    Refused
        If the archive as a whole is damaged or a bomb.
    OSError
        If the disk is full; the unpacked file is removed.
    """
    try:
        with _Bounded(path) as file, zipfile.ZipFile(file) as archive:
            listed = [info for info in archive.infolist() if not info.filename.endswith("/")]
            _check_whole(listed, size=path.stat().st_size)
            for info in listed:
                yield from _member(archive, info, largest=largest)
    except BROKEN as error:
        raise Refused("The zip archive is damaged and cannot be opened.") from error


class _Bounded(io.FileIO):
    """The archive's file; it refuses single reads longer than a central directory may be."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > DIRECTORY_BYTES:
            raise Refused(f"The zip archive lists more than {MEMBERS:,} files.")
        return super().read(-1 if size is None else size)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        if whence == io.SEEK_SET and offset < 0:  # the archive is damaged; an OSError would blame the disk
            raise zipfile.BadZipFile
        return super().seek(offset, whence)


def _check_whole(listed: list[zipfile.ZipInfo], *, size: int) -> None:
    unpacked = sum(info.file_size for info in listed)
    if len(listed) > MEMBERS:
        raise Refused(f"The zip archive lists more than {MEMBERS:,} files.")
    if not listed:
        raise Refused("The zip archive is empty.")
    if unpacked > UNPACKED_BYTES or unpacked > max(RATIO * size, RATIO_MATTERS_BYTES):
        raise Refused(f"The zip archive would unpack to {unpacked >> 20:,} MiB, more than is read from its size.")


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, *, largest: int) -> Iterator[Member]:
    name = printable_name(info.filename)
    if reason := _reason_against(info, largest=largest):
        yield Member(name, None, reason)
        return
    unpacked = storage.temporary()
    try:
        try:
            with archive.open(info) as packed, unpacked.open("xb") as out:
                shutil.copyfileobj(packed, out, 1 << 20)
        except BROKEN:
            yield Member(name, None, "This file of the zip archive is damaged and cannot be unpacked.")
            return
        yield Member(name, unpacked)
    finally:
        unpacked.unlink(missing_ok=True)


def _reason_against(info: zipfile.ZipInfo, *, largest: int) -> str:
    if info.flag_bits & ENCRYPTED:
        return "This file of the zip archive is encrypted; send it without a password."
    if info.compress_type not in METHODS:
        return "This file of the zip archive is packed by a method that is not read here; use the ordinary one."
    if info.file_size > largest:
        return f"This file of the zip archive is larger than {largest >> 20:,} MiB."
    if info.file_size > max(RATIO * info.compress_size, RATIO_MATTERS_BYTES):
        return "This file of the zip archive would unpack to far more than its size."
    return ""


def printable_name(name: str) -> str:
    """Return a file's name as one line of text, only for showing it back to the sender."""
    return "".join(character for character in name if character.isprintable())[:NAME_LONGEST]
