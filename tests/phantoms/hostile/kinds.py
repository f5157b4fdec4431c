"""Files made to do harm, or sent by mistake, and what is said about each.

Each maker writes one file. `says` is the whole sentence that its sender reads; where `stored` is true the
file is harmless and kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.phantoms import dicom

Maker = Callable[[Path], Path]


@dataclass(frozen=True)
class Hostile:
    """One kind of bad file."""

    name: str
    make: Maker
    says: str
    stored: bool


KINDS: list[Hostile] = []


def hostile(says: str, *, stored: bool = False) -> Callable[[Maker], Maker]:
    """Enter a maker in the list, with the sentence that its file deserves."""

    def enter(make: Maker) -> Maker:
        KINDS.append(Hostile(make.__name__, make, says, stored))
        return make

    return enter


def written(path: Path, data: bytes) -> Path:
    """Write bytes and return the path."""
    path.write_bytes(data)
    return path


def object_bytes(path: Path) -> bytes:
    """Return the bytes of a sound DICOM image."""
    return dicom.saved(dicom.image(), path).read_bytes()


def foreign(what: str, instead: str = "") -> str:
    """Return what is said of a file of another kind."""
    return f"This is {what}, not a DICOM file, a PNG, a JPEG or a TIFF.{instead}"


FILES, FORMATS = " Send a zip or the files themselves.", " Send PNG, JPEG or TIFF."
NEITHER = "This is neither a DICOM file nor a PNG, JPEG or TIFF picture."
PICTURE_DAMAGED = "The picture is damaged or cut short."
PICTURE_BOMB = "The picture would unpack to more pixels than is read."
PIXELS_DAMAGED = "The pixels of the DICOM file are damaged and cannot be decoded."
SHORT = "The DICOM file is cut short: it claims more than its bytes hold."
NESTED = "The DICOM file nests sequences more than 32 deep."
ZIP_DAMAGED = "The zip archive is damaged and cannot be opened."
