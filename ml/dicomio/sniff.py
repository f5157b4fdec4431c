"""Identifies a file by its first bytes, never by its name."""

from pathlib import Path
from typing import Literal

from ml.dicomio.errors import Refused

Kind = Literal["dicom", "picture", "zip"]

PREAMBLE = 132
PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*")  # PNG, JPEG, TIFF
FILES = " Send a zip or the files themselves."
FORMATS = " Send PNG, JPEG or TIFF."
#: First bytes of files that people send by mistake -> their type, and what to send instead.
FOREIGN = {
    b"%PDF": ("a PDF document", ""),
    b"\x1f\x8b": ("a gzip archive", FILES),
    b"Rar!": ("a RAR archive", FILES),
    b"7z\xbc\xaf": ("a 7z archive", FILES),
    b"GIF8": ("a GIF picture", FORMATS),
    b"BM": ("a BMP picture", FORMATS),
    b"\x7fELF": ("a program", ""),
    b"MZ": ("a program", ""),
    b"<": ("a web or XML document", ""),
    b"{": ("a JSON document", ""),
}


def sniff(path: Path) -> Kind:
    """Return the kind of a file.

    Raises
    ------
    Refused
        If it is empty, or none of DICOM, PNG, JPEG, TIFF and zip.
    """
    with path.open("rb") as file:
        start = file.read(PREAMBLE)
    if not start:
        raise Refused("The file is empty.")
    if start[128:132] == b"DICM":
        return "dicom"
    if start.startswith(PICTURES):
        return "picture"
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    for magic, (name, instead) in FOREIGN.items():
        if start.startswith(magic):
            raise Refused(f"This is {name}, not a DICOM file, a PNG, a JPEG or a TIFF.{instead}")
    if _is_bare_dataset(start):
        return "dicom"
    raise Refused("This is neither a DICOM file nor a PNG, JPEG or TIFF picture.")


def _is_bare_dataset(start: bytes) -> bool:
    """Return whether it is DICOM without a preamble: the first element has group 0002 or 0008, in either byte order."""
    little = start[:2] in {b"\x02\x00", b"\x08\x00"} and start[3:4] == b"\x00"
    big = start[:3] in {b"\x00\x02\x00", b"\x00\x08\x00"}
    return len(start) >= 8 and (little or big)
