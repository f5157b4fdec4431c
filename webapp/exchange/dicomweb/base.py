"""What all resources share: who may ask, how refusals are answered, what the caches in between are told."""

import hashlib
from collections.abc import Iterable
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.http import parse_etags
from rest_framework.exceptions import APIException
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.exchange.dicomweb.negotiation import JSON, Offer, chosen, wanted_of
from webapp.imaging.inference.image_views import CACHING
from workers import api

Response_ = TypeVar("Response_", bound=HttpResponseBase)


class NotAcceptable(APIException):
    """Nothing that the client accepts can be given."""

    status_code = 406
    default_detail = "None of the media types and transfer syntaxes that were asked for can be given."


class BadRequest(APIException):
    """The request contradicts the standard."""

    status_code = 400
    default_detail = "The request is not understood."


class _OwnNegotiation(BaseContentNegotiation):
    """Leaves Accept to the resources: DICOM's parameters are none that DRF knows. Errors are JSON."""

    def select_renderer(
        self,
        request: Request,  # noqa: ARG002
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,  # noqa: ARG002
    ) -> tuple[BaseRenderer, str]:
        """Take the first renderer."""
        first = next(iter(renderers))
        return first, first.media_type

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:  # noqa: ARG002
        """Take the first parser, whatever the body's type."""
        return next(iter(parsers))


class _Unread(BaseParser):
    """Leaves the body alone: it is read as it comes, and not by the look for a forged form."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:  # noqa: ARG002
        """Return nothing."""
        return {}


class DicomwebView(APIView):
    """Base: signed-in users only; each resource then asks the policy about its study."""

    permission_classes = [IsAuthenticated]
    parser_classes = [_Unread]
    content_negotiation_class = _OwnNegotiation

    def handle_exception(self, exc: Exception) -> Response:
        """Answer an object that cannot be given in the form asked for with 406 and the reason."""
        return super().handle_exception(NotAcceptable(str(exc)) if isinstance(exc, api.Refused) else exc)


def form_chosen(request: HttpRequest, offers: Iterable[Offer]) -> Offer:
    """Return the offer that the request accepts best.

    Raises
    ------
    NotAcceptable
        If it accepts none.
    """
    offer = chosen(wanted_of(request), offers)
    if offer is None:
        raise NotAcceptable
    return offer


def json_accepted(request: HttpRequest) -> None:
    """Raise NotAcceptable where a client does not take JSON, the one form of headers that is given here."""
    form_chosen(request, (Offer(JSON), Offer("application/json")))


def tag_of(*words: object) -> str:
    """Return an ETag for what is made of these words alone."""
    return f'"{hashlib.sha256(repr(words).encode()).hexdigest()[:32]}"'


def unchanged(request: HttpRequest, tag: str) -> HttpResponse | None:
    """Return 304 where the client has it already."""
    held = parse_etags(request.headers.get("If-None-Match", ""))
    return cached(HttpResponse(status=304), tag) if tag in held or "*" in held else None


def cached(response: Response_, tag: str) -> Response_:
    """Name the version of an answer: the client's own cache may show it for a while, nobody else may keep it."""
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = CACHING
    response.headers["Vary"] = "Accept, Cookie"
    return response
