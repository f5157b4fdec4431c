"""From paths as somebody types them to series as the cascade is asked about them."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ml.reading.dicom import NO_IMAGE, dataset_read, has_pixels
from ml.reading.header import position_along_normal
from ml.reading.refusal import Refused
from ml.reading.sniff import sniff
from ml.reading.values import uid_of, whole_number

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


@dataclass(frozen=True)
class _Object:
    """One DICOM image and where it stands in its series."""

    path: Path
    sop_instance_uid: str
    position: float | None
    instance_number: int | None

    @property
    def order(self) -> tuple[bool, float, bool, int, str]:
        """Position, then InstanceNumber, then UID; what the header does not state comes last."""
        return (
            self.position is None,
            self.position or 0.0,
            self.instance_number is None,
            self.instance_number or 0,
            self.sop_instance_uid,
        )


@dataclass
class _Groups:
    """Series by UID, and everything that is an entry of its own, in the order of arrival."""

    entries: list[SeriesFiles | _Key] = field(default_factory=list)
    series: dict[_Key, list[_Object]] = field(default_factory=dict)
    met: dict[str, list[Path]] = field(default_factory=dict)

    def add(self, path: Path) -> None:
        if _kind_of(path) == "picture":
            self.entries.append(SeriesFiles((path,)))
            return
        ds = dataset_read(path, pixels=False)
        uid_of(ds, "StudyInstanceUID")  # Asked for here as in the browser's upload, though nothing is filed here.
        series, instance = uid_of(ds, "SeriesInstanceUID"), uid_of(ds, "SOPInstanceUID")
        if not has_pixels(ds):
            self.entries.append(SeriesFiles((path,), "not_analysed", NO_IMAGE))
            return
        versions = self.met.setdefault(instance, [])
        if any(_same_bytes(path, earlier) for earlier in versions):
            self.entries.append(SeriesFiles((path,), "not_analysed", COPY))
            return
        key = (series, len(versions))
        versions.append(path)
        if key not in self.series:
            self.series[key] = []
            self.entries.append(key)
        placed = _Object(path, instance, position_along_normal(ds), whole_number(ds, "InstanceNumber"))
        self.series[key].append(placed)

    def told(self) -> list[SeriesFiles]:
        return [entry if isinstance(entry, SeriesFiles) else self._sorted(entry) for entry in self.entries]

    def _sorted(self, key: _Key) -> SeriesFiles:
        return SeriesFiles(tuple(each.path for each in sorted(self.series[key], key=lambda each: each.order)))


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
