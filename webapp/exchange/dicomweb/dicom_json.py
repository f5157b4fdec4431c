"""DICOM JSON (PS3.18 annex F): elements, headers as they were kept at intake, and the addresses that answers name."""

import zlib
from collections.abc import Container
from datetime import date
from typing import Any

import orjson
from django.http import HttpRequest
from django.urls import reverse

Element = dict[str, Any]
Dataset = dict[str, Element]
RETRIEVE, AVAILABILITY = "00081190", "00080056"
#: How a kept header names a large value: by the key that stands behind it.
BULK = "bulk:"
LEVELS = ("/", "/series/", "/instances/")
NAME_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")


def encode(told: Dataset | list[Dataset]) -> bytes:
    """Return data sets as JSON, tags in ascending order."""
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS)


def element(vr: str, *values: Any) -> Element:
    """Return an element; what is None or empty is no value, and without any there is no Value."""
    given = [_value(vr, value) for value in values if value not in (None, "")]
    return {"vr": vr, "Value": given} if given else {"vr": vr}


def _value(vr: str, value: Any) -> Any:
    if isinstance(value, date):
        return f"{value:%Y%m%d}"
    if vr == "PN":
        return {group: words for group, words in zip(NAME_GROUPS, value.split("="), strict=False) if words}
    return value


def kept_header(header: bytes | memoryview, *, address: str, tags: Container[str] | None = None) -> Dataset:
    """Return the header of an instance.

    Parameters
    ----------
    header
        As `InstanceIndex` keeps it.
    address
        Where the instance is retrieved: its large values are named below that.
    tags
        Which elements are wanted; None for all.
    """
    kept: Dataset = orjson.loads(zlib.decompress(header))
    told = kept if tags is None else {tag: one for tag, one in kept.items() if tag in tags}
    _name_bulk(told, address)
    return told


def _name_bulk(dataset: Dataset, address: str) -> None:
    """Put addresses in place of keys, in sequences too."""
    for one in dataset.values():
        if one.get("BulkDataURI", "").startswith(BULK):
            one["BulkDataURI"] = f"{address}/bulkdata/{one['BulkDataURI'].removeprefix(BULK)}"
        if one["vr"] == "SQ":
            for item in one.get("Value", ()):
                _name_bulk(item, address)


def root_url(request: HttpRequest) -> str:
    """Return where studies are, as the client named this server: what every address below begins with."""
    return request.build_absolute_uri(reverse("dicomweb-studies"))


def retrieve_url(root: str, *uids: str) -> str:
    """Return where a study, a series or an instance is retrieved, named from the study down.

    UIDs are digits and dots (they were held to it at intake), so they stand in an address as they are.
    """
    return root + "".join(level + uid for level, uid in zip(LEVELS, uids, strict=False))
