"""Rows of a search as DICOM JSON (PS3.18 annex F)."""

import json
import zlib
from datetime import date
from json.encoder import encode_basestring_ascii
from typing import Any

from django.http import HttpRequest
from pydicom.datadict import tag_for_keyword

from webapp.exchange.dicomweb.attributes import Attribute
from webapp.exchange.dicomweb.qido import Found
from webapp.exchange.dicomweb.qido_params import Search
from webapp.exchange.dicomweb.retrieve_urls import address_below, root_address
from webapp.imaging.inference.presenters import NO_NUMBER

Element = dict[str, Any]
RETRIEVE, AVAILABILITY = "00081190", "00080056"
BULK = "bulk:"
COMPACT = json.JSONEncoder(separators=(",", ":"))


def encode_datasets(*, request: HttpRequest, search: Search, found: Found) -> bytes:
    """Return the rows that were found as a JSON array."""
    wanted = None if search.everything else {f"{tag_for_keyword(word):08X}" for word in search.fields}
    root, told = root_address(request), []
    for values, uids, header in found.rows:
        address = address_below(root, *uids)
        dataset = {
            attribute.tag: _written(attribute, value) for attribute, value in zip(found.attributes, values, strict=True)
        }
        dataset[RETRIEVE] = f'"{RETRIEVE}":{{"vr":"UR","Value":[{encode_basestring_ascii(address)}]}}'
        dataset[AVAILABILITY] = f'"{AVAILABILITY}":{{"vr":"CS","Value":["ONLINE"]}}'
        if header is not None:
            dataset = _from_header(header, wanted, address) | dataset
        told.append(f"{{{','.join(dataset[tag] for tag in sorted(dataset))}}}")
    return f"[{','.join(told)}]".encode()


def _written(attribute: Attribute, value: Any) -> str:
    """Return one value as a member of a data set, without a Value where there is none.

    Put together here: a page has hundreds, most of them short texts or nothing at all.
    """
    start = attribute.json_start
    if value is None or value == "":
        return f"{start}}}"
    if isinstance(value, int):
        return f'{start},"Value":[{value}]}}'
    values = _values(attribute, value)
    if not values:
        return f"{start}}}"
    words = [encode_basestring_ascii(one) if isinstance(one, str) else COMPACT.encode(one) for one in values]
    return f'{start},"Value":[{",".join(words)}]}}'


def _values(attribute: Attribute, value: Any) -> list[Any]:
    if attribute.keyword == "PatientID" and value.startswith(NO_NUMBER):
        return []
    if attribute.keyword == "ModalitiesInStudy":
        return sorted(value.split(","))
    if isinstance(value, date):
        return [value.isoformat().replace("-", "")]
    return [_name(value)] if attribute.vr == "PN" else [value]


def _name(value: str) -> dict[str, str]:
    groups = zip(("Alphabetic", "Ideographic", "Phonetic"), value.split("="), strict=False)
    return {group: words for group, words in groups if words}


def _from_header(header: bytes, wanted: set[str] | None, address: str) -> dict[str, str]:
    kept: dict[str, Element] = json.loads(zlib.decompress(header))
    told = {tag: one for tag, one in kept.items() if wanted is None or tag in wanted}
    for one in told.values():
        if one.get("BulkDataURI", "").startswith(BULK):
            one["BulkDataURI"] = f"{address}/bulkdata/{one['BulkDataURI'].removeprefix(BULK)}"
    return {tag: f'"{tag}":{COMPACT.encode(one)}' for tag, one in told.items()}
