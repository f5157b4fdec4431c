"""A header as DICOM JSON (PS3.18 annex F), what is large replaced by a key under which it can be asked for."""

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

#: Binary values of more bytes than this are not kept in the header.
INLINE_BYTES = 1024
#: Stands in front of a key; whoever serves the header puts an address in its place.
KEY = "bulk:"


class _Bulk:
    """The large values that were met, and where they lie."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.places: dict[str, Piece] = {}

    def key(self, element: DataElement) -> str:
        """Return the key of a value, found in the file by its bytes.

        Raises
        ------
        ValueError
            If it is not in the file as it stands.
        """
        start, value = element.file_tell or 0, bytes(element.value)
        if self.data[start : start + len(value)] != value and (start := self.data.find(value)) < 0:
            raise ValueError("The value is not among the bytes of the file.")
        key = f"{int(element.tag):08X}-{start}"
        self.places[key] = (start, len(value))
        return KEY + key


def header_json(ds: Dataset, data: bytes | None, *, syntax: str) -> tuple[str, dict[str, Piece]]:
    """Turn a header into DICOM JSON.

    Parameters
    ----------
    ds
        The object, with its pixels.
    data
        The file; None where its bytes are not the values (deflated, big endian), which keeps all of them inline.
    syntax
        Its transfer syntax as the file states it, told as AvailableTransferSyntaxUID (0008,3002).

    Returns
    -------
    str
        ASCII. Pixel data are always `KEY` and their tag.
    dict of str to Piece
        Where large values lie, by key; pixel data are not among them.

    Raises
    ------
    Refused
        If it is larger than headers are.
    """
    bulk = _Bulk(data) if data is not None else None
    told: dict[str, dict[str, Any]] = {"00083002": {"vr": "UI", "Value": [syntax]}}
    for element in ds:
        tag = f"{int(element.tag):08X}"
        if element.keyword in PIXELS:
            told[tag] = {"vr": _vr(element), "BulkDataURI": KEY + tag}
        elif element.tag.element:  # a group's length says nothing here
            try:
                told[tag] = element.to_json_dict(bulk.key if bulk else None, INLINE_BYTES * 4 // 3)
            except (*NONSENSE, AttributeError):
                continue  # nonsense counts as absent
            told[tag]["vr"] = _vr(element)
    text = _dumped(dict(sorted(told.items())))
    if len(text) > limits.HEADER_BYTES:
        raise Refused(f"The DICOM header is larger than {limits.HEADER_BYTES >> 20} MiB, more than is kept.")
    return text, bulk.places if bulk else {}


def _vr(element: DataElement) -> str:
    """Return one VR where the dictionary leaves two open."""
    return str(element.VR).rsplit(" or ", maxsplit=1)[-1]


def _dumped(told: dict[str, Any]) -> str:
    try:
        return json.dumps(told, separators=(",", ":"), allow_nan=False)
    except ValueError:
        return json.dumps(_spelt(told), separators=(",", ":"))


def _spelt(told: Any) -> Any:
    """Spell out numbers that JSON has none for (PS3.18 F.2.5)."""
    if isinstance(told, dict):
        return {key: _spelt(value) for key, value in told.items()}
    if isinstance(told, list):
        return [_spelt(value) for value in told]
    if isinstance(told, float) and not math.isfinite(told):
        return {math.inf: "inf", -math.inf: "-inf"}.get(told, "NaN")
    return told
