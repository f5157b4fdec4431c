"""What a client accepts, held against what can be given (PS3.18 8.3.3 and 8.7)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.http import HttpRequest

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
