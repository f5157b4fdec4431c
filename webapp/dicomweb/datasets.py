"""Rows of a search as DICOM JSON (PS3.18 annex F)."""

import json
import zlib
from datetime import date
from typing import Any

from django.http import HttpRequest
from pydicom.datadict import tag_for_keyword

from webapp.dicomweb.addresses import address_below, root_address
from webapp.dicomweb.asked import Search
from webapp.dicomweb.attributes import Attribute
from webapp.dicomweb.search import Found
from webapp.pages.presentation import NO_NUMBER

Element = dict[str, Any]
RETRIEVE, AVAILABILITY = "00081190", "00080056"
BULK = "bulk:"


def datasets_json(*, request: HttpRequest, search: Search, found: Found) -> bytes:
    """Return the rows that were found as a JSON array."""
    wanted = None if search.everything else {f"{tag_for_keyword(word):08X}" for word in search.fields}
    root, told = root_address(request), []
    for values, uids, header in found.rows:
        dataset = {
            attribute.tag: element(attribute, value) for attribute, value in zip(found.attributes, values, strict=True)
        }
        address = address_below(root, *uids)
        dataset[RETRIEVE] = {"vr": "UR", "Value": [address]}
        dataset[AVAILABILITY] = {"vr": "CS", "Value": ["ONLINE"]}
        if header is not None:
            dataset = _from_header(header, wanted, address) | dataset
        told.append(dict(sorted(dataset.items())))
    return json.dumps(told, separators=(",", ":")).encode()


def element(attribute: Attribute, value: Any) -> Element:
    """Return one value as an element; without a Value where there is none."""
    return {"vr": attribute.vr, "Value": values} if (values := _values(attribute, value)) else {"vr": attribute.vr}


def _values(attribute: Attribute, value: Any) -> list[Any]:
    if value is None or value == "" or (attribute.keyword == "PatientID" and value.startswith(NO_NUMBER)):
        return []
    if attribute.keyword == "ModalitiesInStudy":
        return sorted(value.split(","))
    if isinstance(value, date):
        return [value.isoformat().replace("-", "")]
    return [_name(value)] if attribute.vr == "PN" else [value]


def _name(value: str) -> dict[str, str]:
    groups = zip(("Alphabetic", "Ideographic", "Phonetic"), value.split("="), strict=False)
    return {group: words for group, words in groups if words}


def _from_header(header: bytes, wanted: set[str] | None, address: str) -> dict[str, Element]:
    kept: dict[str, Element] = json.loads(zlib.decompress(header))
    told = {tag: one for tag, one in kept.items() if wanted is None or tag in wanted}
    for one in told.values():
        if one.get("BulkDataURI", "").startswith(BULK):
            one["BulkDataURI"] = f"{address}/bulkdata/{one['BulkDataURI'].removeprefix(BULK)}"
    return told
