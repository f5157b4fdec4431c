"""A header as DICOM JSON (PS3.18 Annex F), in which large values are replaced by keys to retrieve them by."""

import json
import math
from typing import Any

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from ml.dicomio import limits
from ml.dicomio.elements import NONSENSE
from ml.dicomio.errors import Refused
from ml.dicomio.frame_offsets import Piece
from ml.dicomio.sanity import PIXELS

#: Binary values of more bytes than this are not included in the header.
INLINE_BYTES = 1024
#: Prefix of a key; the server of the header replaces both by a URL.
KEY = "bulk:"


class _Bulk:
    """The large values of an object, and their byte ranges in its file."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.places: dict[str, Piece] = {}

    def key(self, element: DataElement) -> str:
        """Return the key of a value, after locating its bytes in the file.

        Raises
        ------
        ValueError
            If the file does not contain these bytes.
        """
        start, value = element.file_tell or 0, bytes(element.value)
        if self.data[start : start + len(value)] != value and (start := self.data.find(value)) < 0:
            raise ValueError("The value is not among the bytes of the file.")
        key = f"{int(element.tag):08X}-{start}"
        self.places[key] = (start, len(value))
        return KEY + key


def header_json(ds: Dataset, data: bytes | None, *, syntax: str) -> tuple[str, dict[str, Piece]]:
    """Return a header as DICOM JSON, and the byte ranges of its large values.

    Parameters
    ----------
    ds
        The object, with its pixel data.
    data
        The bytes of the file; None if they differ from the values (deflated, big endian), which are then all inline.
    syntax
        Its transfer syntax as the file states it, included as AvailableTransferSyntaxUID (0008,3002).

    Returns
    -------
    str
        DICOM JSON in ASCII. Pixel data are always given as `KEY` and their tag.
    dict of str to Piece
        The byte ranges of large values, by key, without pixel data.

    Raises
    ------
    Refused
        If the header is larger than the limit.
    """
    bulk = _Bulk(data) if data is not None else None
    told: dict[str, dict[str, Any]] = {"00083002": {"vr": "UI", "Value": [syntax]}}
    for element in ds:
        tag = f"{int(element.tag):08X}"
        if element.keyword in PIXELS:
            told[tag] = {"vr": _vr(element), "BulkDataURI": KEY + tag}
        elif element.tag.element:  # group lengths are left out
            try:
                told[tag] = element.to_json_dict(bulk.key if bulk else None, INLINE_BYTES * 4 // 3)
            except (*NONSENSE, AttributeError):
                continue  # an invalid value counts as absent
            told[tag]["vr"] = _vr(element)
    text = _dumped(dict(sorted(told.items())))
    if len(text) > limits.HEADER_BYTES:
        raise Refused(f"The DICOM header is larger than {limits.HEADER_BYTES >> 20} MiB, more than is kept.")
    return text, bulk.places if bulk else {}


def _vr(element: DataElement) -> str:
    """Return the VR of an element; the last one if the dictionary allows several."""
    return str(element.VR).rsplit(" or ", maxsplit=1)[-1]


def _dumped(told: dict[str, Any]) -> str:
    try:
        return json.dumps(told, separators=(",", ":"), allow_nan=False)
    except ValueError:
        return json.dumps(_spelt(told), separators=(",", ":"))


def _spelt(told: Any) -> Any:
    """Return the JSON with infinities and NaN as strings, since JSON has no such numbers (PS3.18 F.2.5)."""
    if isinstance(told, dict):
        return {key: _spelt(value) for key, value in told.items()}
    if isinstance(told, list):
        return [_spelt(value) for value in told]
    if isinstance(told, float) and not math.isfinite(told):
        return {math.inf: "inf", -math.inf: "-inf"}.get(told, "NaN")
    return told
