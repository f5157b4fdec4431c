"""Reading answers as a client does."""

import re
from collections.abc import Iterable
from typing import Any

from pydicom.dataset import Dataset

ROOT = "/dicomweb"
EVERYTHING = 'multipart/related; type="application/dicom"; transfer-syntax=*'
STORED_FRAMES = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'


def address(ds: Dataset, rest: str = "") -> str:
    """Return where an instance is, and what hangs below it."""
    return f"{series_address(ds)}/instances/{ds.SOPInstanceUID}{rest}"


def series_address(ds: Dataset, rest: str = "") -> str:
    """Return where a series is, and what hangs below it."""
    return f"{ROOT}/studies/{ds.StudyInstanceUID}/series/{ds.SeriesInstanceUID}{rest}"


def body_of(answer: Any) -> bytes:
    """Return the whole body of an answer."""
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def parts_of(answer: Any) -> list[tuple[str, bytes]]:
    """Return content type and bytes of each part of a multipart answer."""
    assert answer.status_code == 200, body_of(answer)
    kind = answer.headers["Content-Type"]
    assert kind.startswith("multipart/related; ")
    boundary = re.findall(r"boundary=(\S+)", kind)[0].encode()
    _before, *parts, end = (b"\r\n" + body_of(answer)).split(b"\r\n--" + boundary)
    assert end == b"--\r\n"
    split = [part.removeprefix(b"\r\n").split(b"\r\n\r\n", 1) for part in parts]
    return [(re.findall(r"Content-Type: (.*)", head.decode())[0].strip(), content) for head, content in split]


def packed(files: Iterable[bytes], *, media: str = "application/dicom", boundary: str = "limit") -> tuple[bytes, str]:
    """Return a multipart body and its content type."""
    parts = [f"--{boundary}\r\nContent-Type: {media}\r\n\r\n".encode() + content + b"\r\n" for content in files]
    kind = f'multipart/related; type="application/dicom"; boundary={boundary}'
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), kind


def value(told: dict[str, Any], tag: str) -> Any:
    """Return the first value of an element of DICOM JSON, None where it has none."""
    return (told[tag].get("Value") or [None])[0]


def uids(objects: Iterable[Dataset]) -> set[str]:
    """Return the UIDs of instances."""
    return {str(ds.SOPInstanceUID) for ds in objects}
