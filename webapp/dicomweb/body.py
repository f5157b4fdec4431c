"""Bodies: multipart/related (RFC 2387), and ranges of single ones (RFC 9110 14)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from webapp.dicomweb.accept import MULTIPART

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
    if asked is None or asked.group() == "bytes=-" or request.headers.get("If-Range", tag) != tag:
        return response  # a range that is not understood is answered with the whole
    first, last = (int(word) if word else None for word in asked.groups())
    if first is None:
        first, last = max(0, len(content) - (last or 0)), len(content) - 1
    last = len(content) - 1 if last is None else min(last, len(content) - 1)
    if first > last:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{len(content)}"})
    response.status_code, response.content = 206, content[first : last + 1]
    response.headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
    return response
