"""Bodies: multipart/related (RFC 2387), and ranges of single ones (RFC 9110 14)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from webapp.exchange.dicomweb.negotiation import MULTIPART

CHUNK = 1 << 20
RANGE = re.compile(r"bytes=(\d*)-(\d*)\Z")


@dataclass(frozen=True)
class Part:
    """One part of a multipart body: its bytes, or the file that holds them."""

    content_type: str
    content: bytes | Path
    location: str = ""

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes."""
        if isinstance(self.content, bytes):
            yield self.content
            return
        with self.content.open("rb") as file:
            while piece := file.read(CHUNK):
                yield piece


def multipart(parts: Iterable[Part], *, media: str) -> StreamingHttpResponse:
    """Return parts as they come, none of them held longer than it takes to send it."""
    boundary = uuid4().hex
    kind = f'{MULTIPART}; type="{media}"; boundary={boundary}'
    return StreamingHttpResponse(_joined(parts, boundary), content_type=kind)


def multipart_of_one(part: Part, *, media: str) -> HttpResponse:
    """Return a part by itself in a multipart body, whose length is known."""
    streamed = multipart([part], media=media)
    return HttpResponse(b"".join(streamed), content_type=streamed.headers["Content-Type"])


def started(parts: Iterator[Part]) -> Iterator[Part]:
    """Make the first part now, while what cannot be made can still be answered with a refusal."""
    first = next(parts)
    return chain([first], parts)


def _joined(parts: Iterable[Part], boundary: str) -> Iterator[bytes]:
    for part in parts:
        location = f"\r\nContent-Location: {part.location}" if part.location else ""
        yield f"--{boundary}\r\nContent-Type: {part.content_type}{location}\r\n\r\n".encode()
        yield from part.chunks()
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


def single(request: HttpRequest, content: bytes, *, content_type: str, tag: str) -> HttpResponse:
    """Return one body, or the range of it that is asked for: 206, or 416 where there is no such range."""
    response = HttpResponse(content, content_type=content_type, headers={"Accept-Ranges": "bytes"})
    asked = RANGE.match(request.headers.get("Range", ""))
    if asked is None or request.headers.get("If-Range", tag) != tag or not (ends := _ends(asked, len(content))):
        return response  # a range that is not understood is answered with the whole
    first, last = ends
    if first >= len(content):
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{len(content)}"})
    response.status_code, response.content = 206, content[first : last + 1]
    response.headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
    return response


def _ends(asked: re.Match[str], length: int) -> tuple[int, int] | None:
    """Return the first and the last byte of a range, the last within the body; None for what is no range."""
    first, last = asked.groups()
    if not first:
        return (max(0, length - int(last)), length - 1) if last else None
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last), length - 1) if last else length - 1
