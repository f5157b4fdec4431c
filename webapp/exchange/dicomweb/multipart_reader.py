"""A multipart body taken apart as it arrives, each part to a file of its own (RFC 2046 5.1)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from django.http import HttpRequest

from webapp.exchange.dicomweb.base import BadRequest
from webapp.exchange.dicomweb.negotiation import parameters_of
from webapp.imaging.archive.api import TooLarge
from workers import storage

CHUNK = 1 << 20
#: RFC 2046 5.1.1 allows 70; Orthanc sends 73.
BOUNDARY_LONGEST = 200
HEADERS_LONGEST = 16 << 10
END_OF_HEADERS = b"\r\n\r\n"
BROKEN = "The multipart body does not end, or its boundary is not where it says."


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
