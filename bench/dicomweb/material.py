"""The objects that are stored and asked for: drawn, each made new by putting other UIDs into the same bytes."""

import io
import itertools
from dataclasses import dataclass

import numpy as np
from pydicom.uid import CTImageStorage

from tests.phantoms import dicom

#: Stand for UIDs in a template; whatever takes their place has as many characters.
STUDY, SERIES, INSTANCE = (f"1.2.826.0.1.{level}.{'9' * 30}" for level in (1, 2, 3))
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Named:
    """An object and what it is called."""

    study: str
    series: str
    instance: str
    content: bytes

    def address(self, rest: str = "") -> str:
        """Return where a server that holds it has it."""
        return f"/studies/{self.study}/series/{self.series}/instances/{self.instance}{rest}"


@dataclass(frozen=True)
class Template:
    """An object without UIDs of its own."""

    content: bytes

    def series(self, count: int) -> list[Named]:
        """Return so many objects of one new series."""
        study, series = _uid(STUDY), _uid(SERIES)
        return [self._named(study, series, _uid(INSTANCE)) for _ in range(count)]

    def _named(self, study: str, series: str, instance: str) -> Named:
        content = self.content
        for old, new in ((STUDY, study), (SERIES, series), (INSTANCE, instance)):
            content = content.replace(old.encode(), new.encode())
        return Named(study, series, instance, content)


def template(*, side: int, frames: int = 1) -> Template:
    """Draw a CT of 16 bits; `side` 512 makes frames of 512 KiB."""
    shape = (side, side) if frames == 1 else (frames, side, side)
    pixels = np.random.default_rng(side).integers(0, 4_000, shape, dtype=np.uint16)
    uids = {"StudyInstanceUID": STUDY, "SeriesInstanceUID": SERIES, "SOPInstanceUID": INSTANCE}
    out = io.BytesIO()
    dicom.image(pixels, sop_class=CTImageStorage, PatientName="Phantom^Bench", PatientID="BENCH", **uids).save_as(
        out, enforce_file_format=True
    )
    return Template(out.getvalue())


def _uid(old: str) -> str:
    root, _, tail = old.rpartition(".")
    return f"{root}.1{next(_numbers):0{len(tail) - 1}d}"
