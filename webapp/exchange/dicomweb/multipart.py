"""Multipart bodies (RFC 2046 5.1, RFC 2387), written and read part by part, and ranges of single ones (RFC 9110 14)."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Protocol
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from webapp.exchange.dicomweb.base import MULTIPART, BadRequest, parameters_of
from webapp.imaging.archive.api import TooLarge
from workers import storage

CHUNK = 1 << 20
RANGE = re.compile(r"bytes=(\d*)-(\d*)\Z")
#: RFC 2046 5.1.1 allows 70; Orthanc sends 73.
BOUNDARY_LONGEST = 200
HEADERS_LONGEST = 16 << 10
END_OF_HEADERS = b"\r\n\r\n"
BROKEN = "The multipart body does not end, or its boundary is not where it says."


# --- Written ----------------------------------------------------------------------------------------------------------


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


# --- Read -------------------------------------------------------------------------------------------------------------


class Stream(Protocol):
    """Where a body comes from."""

    def read(self, size: int, /) -> bytes:
        """Return so many bytes at most, none at the end."""


@dataclass(frozen=True)
class SentPart:
    """One part: its media type without parameters, and where its bytes lie until the next part is asked for."""

    media: str
    path: Path


class _Ahead:
    """A stream with what was read of it and not yet used."""

    def __init__(self, stream: Stream, largest: int) -> None:
        self.stream, self.left = stream, largest
        self.held = bytearray()

    def more(self) -> None:
        piece = self.stream.read(CHUNK)
        if not piece:
            raise BadRequest(BROKEN)
        self.left -= len(piece)
        if self.left < 0:
            raise TooLarge
        self.held += piece

    def take(self, count: int) -> bytes:
        taken = bytes(self.held[:count])
        del self.held[:count]
        return taken

    def until(self, mark: bytes, *, longest: int) -> bytes:
        """Return what stands before a mark and pass over the mark."""
        while (at := self.held.find(mark)) < 0:
            if len(self.held) > longest:
                raise BadRequest("The headers of a part are longer than is read.")
            self.more()
        return self.take(at + len(mark))[:at]

    def copy_until(self, mark: bytes, out: BinaryIO) -> None:
        """Write what stands before a mark and pass over the mark; never hold much of it."""
        while (at := self.held.find(mark)) < 0:
            out.write(self.take(max(0, len(self.held) - len(mark) + 1)))
            self.more()
        out.write(self.take(at))
        self.take(len(mark))

    def starts(self, words: bytes) -> bool:
        """Say whether these bytes come next."""
        while len(self.held) < len(words):
            self.more()
        return self.held.startswith(words)


def body_sent(request: HttpRequest) -> Stream:
    """Return the body of a request; one sent in chunks states no length, and Django takes it for empty.

    The server's own stream is then read, if the server says that it ends where the body does.
    """
    in_chunks = request.headers.get("Transfer-Encoding", "").lower() == "chunked"
    stream: Stream = request
    if in_chunks and request.META.get("wsgi.input_terminated"):
        stream = request.META["wsgi.input"]
    return stream


def parts_sent(stream: Stream, *, boundary: str, largest: int) -> Iterator[SentPart]:
    """Yield the parts of a body of at most `largest` bytes.

    Raises
    ------
    BadRequest
        If the body is no multipart body with that boundary; parts that were yielded before were whole.
    TooLarge
        If it goes on beyond `largest`.
    """
    if not boundary or len(boundary) > BOUNDARY_LONGEST or not boundary.isascii():
        raise BadRequest(f"The Content-Type names no boundary of 1 to {BOUNDARY_LONGEST} characters.")
    mark = b"\r\n--" + boundary.encode()
    ahead = _Ahead(stream, largest)
    ahead.held += b"\r\n"  # the first boundary may stand at the very beginning
    ahead.until(mark, longest=HEADERS_LONGEST)
    while not ahead.starts(b"--"):
        with _part(ahead, mark, _media(_headers(ahead))) as part:
            yield part


def _headers(ahead: _Ahead) -> bytes:
    """Return the headers of a part; one without any begins with an empty line right behind the boundary's own."""
    if ahead.starts(END_OF_HEADERS):
        return ahead.take(len(END_OF_HEADERS))
    return ahead.until(END_OF_HEADERS, longest=HEADERS_LONGEST)


@contextmanager
def _part(ahead: _Ahead, mark: bytes, media: str) -> Iterator[SentPart]:
    path = storage.temporary()
    try:
        with path.open("wb") as out:
            ahead.copy_until(mark, out)
        yield SentPart(media, path)
    finally:
        path.unlink(missing_ok=True)


def _media(headers: bytes) -> str:
    for line in headers.decode("latin-1").split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-type":
            return parameters_of(value)[0]
    return ""
