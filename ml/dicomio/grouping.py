"""Groups files and folders, as given on the command line, into series for the cascade."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ml.dicomio.errors import NO_IMAGE, Refused
from ml.dicomio.inspect import Inspection
from ml.dicomio.reader_pool import lent_reader
from ml.dicomio.sniff import sniff

COPY = "This is a copy of a file that was given before; see that one."

#: SeriesInstanceUID and version: a file whose SOPInstanceUID has already occurred with other bytes (for example the
#: same image in another transfer syntax) goes into a second series beside the first, so that no slice counts twice.
_Key = tuple[str, int]


@dataclass(frozen=True)
class SeriesFiles:
    """The files of one series in slice order, or one file that cannot be analysed, and why.

    Attributes
    ----------
    paths
        Files from the first slice to the last; exactly one for a picture, or for a file that cannot be analysed.
    status
        "readable"; "not_analysed" for an object without an image, or a copy of another file; "refused" for a file that
        cannot be read.
    reason
        A plain sentence; None if the status is "readable".
    """

    paths: tuple[Path, ...]
    status: Literal["readable", "not_analysed", "refused"] = "readable"
    reason: str | None = None


@dataclass
class _Groups:
    """Series by key, and all entries (series and single files) in the order in which they first occurred."""

    entries: list[SeriesFiles | _Key] = field(default_factory=list)
    series: dict[_Key, list[tuple[Path, Inspection]]] = field(default_factory=dict)
    met: dict[str, list[Path]] = field(default_factory=dict)

    def add(self, path: Path) -> None:
        if _kind_of(path) == "picture":
            self.entries.append(SeriesFiles((path,)))
            return
        with lent_reader() as reader:
            found = Inspection.model_validate(reader.ask(do="head", path=str(path)))
        if not found.has_pixels:
            self.entries.append(SeriesFiles((path,), "not_analysed", NO_IMAGE))
            return
        versions = self.met.setdefault(found.sop_instance_uid, [])
        if any(_same_bytes(path, earlier) for earlier in versions):
            self.entries.append(SeriesFiles((path,), "not_analysed", COPY))
            return
        key = (found.series_instance_uid, len(versions))
        versions.append(path)
        if key not in self.series:
            self.series[key] = []
            self.entries.append(key)
        self.series[key].append((path, found))

    def told(self) -> list[SeriesFiles]:
        return [entry if isinstance(entry, SeriesFiles) else self._sorted(entry) for entry in self.entries]

    def _sorted(self, key: _Key) -> SeriesFiles:
        return SeriesFiles(tuple(path for path, _ in sorted(self.series[key], key=lambda each: _order(each[1]))))


def _order(found: Inspection) -> tuple[bool, float, bool, int, str]:
    """Return a sort key: position, InstanceNumber, SOPInstanceUID; missing values come last."""
    return (
        found.position is None,
        found.position or 0.0,
        found.instance_number is None,
        found.instance_number or 0,
        found.sop_instance_uid,
    )


def series_grouped(paths: Iterable[Path]) -> list[SeriesFiles]:
    """Return the files, and those in the folders and their subfolders, grouped into series.

    Parameters
    ----------
    paths
        Files and folders, in any order; a file reached twice counts once.

    Returns
    -------
    list of SeriesFiles
        In the order in which the series first occur. DICOM images are grouped by SeriesInstanceUID and sorted by
        position along the slice normal (PS3.3 C.7.6.2.1.1), InstanceNumber and SOPInstanceUID. A picture is a series
        of its own; so is a file that cannot be read or displayed, with the reason.
    """
    groups = _Groups()
    for path in _files(paths):
        try:
            groups.add(path)
        except Refused as refused:
            groups.entries.append(SeriesFiles((path,), "refused", str(refused)))
    return groups.told()


def _kind_of(path: Path) -> Literal["dicom", "picture"]:
    """Return what kind of file a path on the command line is.

    Raises
    ------
    Refused
        If it is not a file, cannot be opened, or is a zip archive or of an unsupported kind.
    """
    if not path.is_file():
        raise Refused("There is no such file or folder." if not path.exists() else "This is not an ordinary file.")
    try:
        kind = sniff(path)
    except OSError as error:
        raise Refused("The file cannot be opened.") from error
    if kind == "zip":
        raise Refused("This is a zip archive; unpack it and give the folder, or upload it in the browser.")
    return kind


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    met: set[Path] = set()
    for given in paths:
        for path in _walked(given):
            if (whole := path.resolve()) not in met:
                met.add(whole)
                yield path


def _walked(given: Path) -> Iterator[Path]:
    if not given.is_dir():
        yield given
        return
    for folder, inner, names in os.walk(given):  # links to folders are not followed: they may form cycles
        inner.sort()
        yield from (Path(folder, name) for name in sorted(names))


def _same_bytes(one: Path, other: Path) -> bool:
    return one.stat().st_size == other.stat().st_size and _digest(one) == _digest(other)


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
