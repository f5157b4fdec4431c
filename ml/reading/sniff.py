"""What a file is, told by its first bytes and never by its name."""

from pathlib import Path
from typing import Literal

from ml.reading.refusal import Refused

Kind = Literal["dicom", "picture", "zip"]

PREAMBLE = 132
PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")  # PNG, JPEG
#: First bytes of what people send by mistake, and what to say about it.
FOREIGN = {
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a gzip archive; send a zip or the files themselves",
    b"Rar!": "a RAR archive; send a zip or the files themselves",
    b"7z\xbc\xaf": "a 7z archive; send a zip or the files themselves",
    b"GIF8": "a GIF picture; send PNG or JPEG",
    b"BM": "a BMP picture; send PNG or JPEG",
    b"II*\x00": "a TIFF picture; send PNG or JPEG",
    b"MM\x00*": "a TIFF picture; send PNG or JPEG",
    b"\x7fELF": "a program",
    b"MZ": "a program",
    b"<": "a web or XML document",
    b"{": "a JSON document",
}


def sniff(path: Path) -> Kind:
    """Say what a file is.

    Raises
    ------
    Refused
        If it is empty or neither DICOM nor PNG, JPEG or zip.
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
    for magic, name in FOREIGN.items():
        if start.startswith(magic):
            raise Refused(f"This is {name}, not a DICOM file, a PNG or a JPEG.")
    if _is_bare_dataset(start):
        return "dicom"
    raise Refused("This is neither a DICOM file nor a PNG or JPEG picture.")


def _is_bare_dataset(start: bytes) -> bool:
    """Recognise DICOM written without preamble: a first element of group 0002 or 0008."""
    return len(start) >= 8 and start[:2] in {b"\x02\x00", b"\x08\x00"} and start[3] == 0
