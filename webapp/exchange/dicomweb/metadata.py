"""Headers as they were kept at intake, with addresses where their large values stood (PS3.18 10.4.1.1.2)."""

import zlib
from collections.abc import Iterable, Iterator

from django.http import HttpRequest

from webapp.exchange.dicomweb.retrieve_urls import address_under, root_address
from webapp.imaging.archive.indexing import instance_index
from webapp.imaging.archive.models import Instance

#: How a kept header names a large value: no text of a header holds this, since JSON writes its quotes otherwise.
KEPT = b'"BulkDataURI":"bulk:'


def metadata_json(*, request: HttpRequest, instances: Iterable[Instance]) -> bytes:
    """Return the headers of instances as a JSON array.

    Raises
    ------
    workers.api.Refused
        If an object that was stored before headers were kept cannot be read any more.
    """
    return b"[" + b",".join(_headers(request, instances)) + b"]"


def _headers(request: HttpRequest, instances: Iterable[Instance]) -> Iterator[bytes]:
    root = root_address(request)
    for instance in instances:
        header = zlib.decompress(instance_index(instance).header)
        address = f'"BulkDataURI":"{address_under(root, instance)}/bulkdata/'
        yield header.replace(KEPT, address.encode())
