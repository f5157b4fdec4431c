"""What all resources share: what a client accepts, how refusals are answered, what the caches in between are told.

Negotiation follows PS3.18 8.3.3 and 8.7.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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

from webapp.imaging.inference.image_views import CACHING
from workers import api

Response_ = TypeVar("Response_", bound=HttpResponseBase)
DICOM, OCTETS, JSON, PNG, JPEG = (
    "application/dicom",
    "application/octet-stream",
    "application/dicom+json",
    "image/png",
    "image/jpeg",
)
PLAIN = "1.2.840.10008.1.2.1"  # Explicit VR Little Endian: what is meant where no transfer syntax is named
ANY = "*"
#: Commas and semicolons outside quotes.
COMMA, SEMICOLON = (re.compile(rf'{sign}(?=(?:[^"]*"[^"]*")*[^"]*$)') for sign in (",", ";"))
MULTIPART = "multipart/related"


class NotAcceptable(APIException):
    """Nothing that the client accepts can be given."""

    status_code = 406
    default_detail = "None of the media types and transfer syntaxes that were asked for can be given."


class BadRequest(APIException):
    """The request contradicts the standard."""

    status_code = 400
    default_detail = "The request is not understood."


@dataclass(frozen=True)
class Wanted:
    """One media range: of single bodies, of the parts of a multipart body, or (`*/*`) of either.

    Attributes
    ----------
    media
        Such as "image/jpeg", "image/*" or "*/*".
    syntax
        UID of a transfer syntax, "*" for any, empty where none is named.
    quality
        0 (never) to 1.
    """

    media: str
    syntax: str = ""
    is_multipart: bool | None = False
    quality: float = 1.0

    def takes(self, offer: "Offer") -> bool:
        """Say whether the offer is within this range."""
        if self.quality <= 0 or self.is_multipart not in {None, offer.is_multipart}:
            return False
        if self.media not in {"*/*", offer.media, offer.media.partition("/")[0] + "/*"}:
            return False
        if self.syntax:
            return self.syntax in {ANY, offer.syntax}
        return self.media not in {DICOM, OCTETS} or offer.syntax in {"", PLAIN}


@dataclass(frozen=True)
class Offer:
    """One form in which something can be given."""

    media: str
    syntax: str = ""
    is_multipart: bool = False

    @property
    def content_type(self) -> str:
        """As it stands in the header of a body or a part."""
        return f"{self.media}; transfer-syntax={self.syntax}" if self.syntax else self.media


def wanted_of(request: HttpRequest) -> list[Wanted]:
    """Return what a request accepts, the best first: by its address (`accept=`), else by its header, else anything."""
    said = request.GET.getlist("accept") or [request.headers.get("Accept", "")]
    ranges = [_range(words) for one in said for words in COMMA.split(one) if words.strip()]
    return sorted(ranges or [Wanted("*/*", is_multipart=None)], key=lambda one: -one.quality)


def chosen(wanted: Sequence[Wanted], offers: Iterable[Offer]) -> Offer | None:
    """Return the best of the offers, None where nothing is acceptable; earlier offers win among equals."""
    offered = list(offers)
    return next((offer for one in wanted for offer in offered if one.takes(offer)), None)


def parameters_of(words: str) -> tuple[str, dict[str, str]]:
    """Split a header's value into its first word, in small letters, and its parameters."""
    first, *rest = SEMICOLON.split(words)
    pairs = (each.partition("=") for each in rest)
    return first.strip().lower(), {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


def _range(words: str) -> Wanted:
    media, parameters = parameters_of(words)
    syntax = parameters.get("transfer-syntax", "")
    try:
        quality = float(parameters.get("q", "1"))
    except ValueError:
        quality = 0.0
    if media == MULTIPART:
        return Wanted(parameters.get("type", "*/*").lower(), syntax, is_multipart=True, quality=quality)
    return Wanted(media, syntax, is_multipart=None if media == "*/*" else False, quality=quality)


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
