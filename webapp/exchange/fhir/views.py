"""The addresses below /fhir/: read one resource, search for some, say what is offered."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from fhir.resources.R4B.bundle import Bundle, BundleEntry, BundleEntrySearch, BundleLink
from fhir.resources.R4B.resource import Resource
from rest_framework.request import Request
from rest_framework.response import Response

from webapp.exchange.fhir.base import JSON, FhirView, NotUnderstood, answer, root_of
from webapp.exchange.fhir.capability import capability_statement
from webapp.exchange.fhir.resource_types import KINDS, Kind, NotUnderstoodError, Rows
from webapp.foundation.accounts.access import current_user
from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.permissions import Action, system_user
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record, look_record
from webapp.foundation.core.request_params import int_param

PAGE, LARGEST_PAGE = 20, 100
RESOURCE = {(200, JSON): OpenApiTypes.OBJECT}
#: Parameters of every search; _format is accepted where it asks for what is given anyway.
COMMON = ("_count", "_offset", "_format")
FORMATS = frozenset({"json", "application/json", JSON})


class MetadataView(FhirView):
    """What is offered."""

    @extend_schema(tags=["FHIR"], responses=RESOURCE)
    def get(self, request: Request) -> Response:
        """Tell the CapabilityStatement."""
        return answer(request, capability_statement(root=root_of(request)))


class ReadView(FhirView):
    """One resource."""

    kind = KINDS["ImagingStudy"]

    @extend_schema(tags=["FHIR"], responses=RESOURCE)
    def get(self, request: Request, pk: str) -> Response:
        """Read a resource by its id."""
        user = current_user(request._request)
        kind, row = _first(self.kind, user, pk)
        if row is None:
            # Asked as somebody who sees every site, only to write a refused look down; the answer is the same.
            _refusal_record(self.kind, request, user, pk)
            raise Http404
        if study := kind.study(row):
            look_record(Code.STUDY_VIEWED, user=user, request=request._request, study=study)
        else:
            look_record(Code.OBJECTS_SEARCHED, user=user, request=request._request, study=None)
        return answer(request, kind.told(row, root_of(request)))


class SearchView(FhirView):
    """Some resources of a kind."""

    kind = KINDS["ImagingStudy"]

    @extend_schema(
        tags=["FHIR"],
        responses=RESOURCE,
        parameters=[
            OpenApiParameter("_count", OpenApiTypes.INT, description=f"at most so many, {LARGEST_PAGE} at most"),
            OpenApiParameter("_offset", OpenApiTypes.INT, description="leave out so many"),
        ],
    )
    def get(self, request: Request) -> Response:
        """Search by the parameters that the CapabilityStatement lists."""
        user = current_user(request._request)
        sources = [(kind, _narrowed(kind, kind.rows(user), request)) for kind in self.kind.sources]
        look_record(Code.OBJECTS_SEARCHED, user=user, request=request._request, study=None)
        return answer(request, _bundle(sources, request))


def _first(kind: Kind, user: User, pk: str) -> tuple[Kind, Any]:
    """Return the row of that id and the kind that tells it, the row None where there is none."""
    for source in kind.sources:
        row = source.searched["_id"][1](source.rows(user), pk).first() if "," not in pk else None
        if row is not None:
            return source, row
    return kind, None


def _refusal_record(kind: Kind, request: Request, user: User, pk: str) -> None:
    source, hidden = _first(kind, system_user(), pk)
    if hidden is not None:
        audit_record(
            code=Code.ACCESS_REFUSED,
            user=user,
            request=request._request,
            study=source.study(hidden),
            success=False,
            details=Action.SEE,
        )


def _narrowed(kind: Kind, rows: Rows, request: Request) -> Rows:
    """Apply each parameter; one that is not known is refused: an answer that ignored it would tell of others."""
    if request.GET.get("_format", "json") not in FORMATS:
        raise NotUnderstood("Only JSON is given.")
    for name, values in request.GET.lists():
        if name in COMMON:
            continue
        if name not in kind.searched:
            raise NotUnderstood(f"{kind.name} is not searched by {name[:40]}; the CapabilityStatement lists by what.")
        narrow: Callable[[Rows, str], Rows] = kind.searched[name][1]
        for value in values:
            try:
                rows = narrow(rows, value)
            except NotUnderstoodError as wrong:
                raise NotUnderstood(str(wrong)) from wrong
    return rows


def _bundle(sources: list[tuple[Kind, Rows]], request: Request) -> Bundle:
    count, offset = _whole(request, "_count", PAGE), _whole(request, "_offset", 0)
    count = min(count, LARGEST_PAGE)
    counts, root = [rows.count() for _, rows in sources], root_of(request)
    total = sum(counts)
    links = [_link("self", request, count, offset)]
    if offset:
        links.append(_link("previous", request, count, max(0, offset - count)))
    if offset + count < total and count:
        links.append(_link("next", request, count, offset + count))
    entries, before = [], 0
    for (kind, rows), held in zip(sources, counts, strict=True):
        first, last = max(0, offset - before), offset + count - before
        entries += [_entry(kind.told(row, root), root) for row in rows[first:last]] if first < last else []
        before += held
    return Bundle(type="searchset", total=total, link=links, entry=entries or None)


def _entry(resource: Resource, root: str) -> BundleEntry:
    address = f"{root}/fhir/{resource.get_resource_type()}/{resource.id}"
    return BundleEntry(fullUrl=address, resource=resource, search=BundleEntrySearch(mode="match"))


def _link(relation: str, request: Request, count: int, offset: int) -> BundleLink:
    query = [(name, value) for name, values in request.GET.lists() if name not in COMMON for value in values]
    query += [("_count", str(count)), ("_offset", str(offset))]
    return BundleLink(relation=relation, url=f"{request.build_absolute_uri(request.path)}?{urlencode(query)}")


def _whole(request: Request, name: str, default: int) -> int:
    number = int_param(request.GET.get(name, str(default)))
    if number is None:
        raise NotUnderstood(f"{name} must be a whole number.")
    return number
