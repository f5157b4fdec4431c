"""From paths as somebody types them to series as the cascade is asked about them."""

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

#: SeriesInstanceUID, and which version: a file whose SOPInstanceUID was met with other bytes (the same image in
#: another transfer syntax, say) belongs to a second series beside the first, so that no slice counts twice.
_Key = tuple[str, int]


@dataclass(frozen=True)
class SeriesFiles:
    """The files of one series, in slice order, or one file that cannot be analysed and why.

    Attributes
    ----------
    paths
        Files from the first slice to the last; one for a picture and for a file that is set aside.
    status
        "readable"; "not_analysed" for an object without an image or a second copy; "refused" for a file
        that cannot be read.
    reason
        A plain sentence, None where the status is "readable".
    """

    paths: tuple[Path, ...]
    status: Literal["readable", "not_analysed", "refused"] = "readable"
    reason: str | None = None


@dataclass
class _Groups:
    """Series by UID, and everything that is an entry of its own, in the order of arrival."""

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
    """Order by position, InstanceNumber and UID; what the header does not state comes last."""
    return (
        found.position is None,
        found.position or 0.0,
        found.instance_number is None,
        found.instance_number or 0,
        found.sop_instance_uid,
    )


def series_grouped(paths: Iterable[Path]) -> list[SeriesFiles]:
    """Sort files and folders (walked, sub-folders too) into series.

    Parameters
    ----------
    paths
        Files and folders, in any order; a file reached twice counts once.

    Returns
    -------
    list of SeriesFiles
        In the order in which the series were first met. DICOM images are joined by SeriesInstanceUID and
        sorted by position along the slice normal (PS3.3 C.7.6.2.1.1), InstanceNumber and SOPInstanceUID;
        a picture is a series of one; what cannot be read or shown stands alone with its reason.
    """
    groups = _Groups()
    for path in _files(paths):
        try:
            groups.add(path)
        except Refused as refused:
            groups.entries.append(SeriesFiles((path,), "refused", str(refused)))
    return groups.told()


def _kind_of(path: Path) -> Literal["dicom", "picture"]:
    """Say what a path of the command line holds.

    Raises
    ------
    Refused
        If it is no file, cannot be opened, is a zip or nothing that is read here.
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
    for folder, inner, names in os.walk(given):  # Links to folders are not followed: they may lead round in circles.
        inner.sort()
        yield from (Path(folder, name) for name in sorted(names))


def _same_bytes(one: Path, other: Path) -> bool:
    return one.stat().st_size == other.stat().st_size and _digest(one) == _digest(other)


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
