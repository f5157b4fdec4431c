"""A client that costs next to nothing: one connection, kept open, answers read and thrown away."""

import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import psutil

END = b"\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"
BOUNDARY = "benchmark"
STOW = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'


@dataclass(frozen=True)
class Place:
    """Where a server listens, below which address DICOMweb is, and how one signs in."""

    port: int
    root: str
    authorization: str = ""
    pid: int = 0

    def processor_seconds(self) -> float:
        """Return how long the server's processes have had a core: what it costs, however busy the machine is."""
        first = psutil.Process(self.pid)
        times = [one.cpu_times() for one in (first, *first.children(recursive=True))]
        return sum(each.user + each.system for each in times)


@dataclass
class Connection:
    """One connection to a server."""

    place: Place
    _socket: socket.socket = field(init=False)
    _held: bytearray = field(init=False)

    def __post_init__(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self.place.port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._held = bytearray(1 << 20)

    def get(self, path: str, *, accept: str = "*/*") -> int:
        """Ask for something and return the bytes of the answer's body."""
        return self._asked(f"GET {self.place.root}{path}", accept, b"", "")

    def store(self, objects: Sequence[bytes]) -> int:
        """Send objects in one request."""
        parts = [f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode() + one + b"\r\n" for one in objects]
        body = b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
        return self._asked(f"POST {self.place.root}/studies", "application/dicom+json", body, STOW)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _asked(self, line: str, accept: str, body: bytes, kind: str) -> int:
        headers = [f"{line} HTTP/1.1", f"Host: 127.0.0.1:{self.place.port}", f"Accept: {accept}"]
        headers += [f"Authorization: {self.place.authorization}"] if self.place.authorization else []
        headers += [f"Content-Type: {kind}", f"Content-Length: {len(body)}"] if kind else []
        request = ("\r\n".join(headers) + "\r\n\r\n").encode() + body
        try:
            self._socket.sendall(request)
            return self._answer(line)
        except ConnectionError:  # a server may close what was idle for a while
            self.__post_init__()
            self._socket.sendall(request)
            return self._answer(line)

    def _answer(self, line: str) -> int:
        count = 0
        while (end := self._held.find(END, 0, count)) < 0:
            count += self._more(count)
        head = bytes(self._held[:end]).lower()
        if not head.startswith(b"http/1.1 200"):
            raise ValueError(f"{line}: {head.splitlines()[0].decode()}")
        got = count - end - len(END)
        length = next((line for line in head.split(b"\r\n") if line.startswith(b"content-length:")), b"")
        if length:
            whole = int(length.partition(b":")[2])
            while got < whole:
                got += self._more(0)
            return whole
        tail = bytes(self._held[max(end + len(END), count - len(LAST_CHUNK)) : count])
        while not tail.endswith(LAST_CHUNK):
            more = self._more(0)
            got += more
            tail = (tail + bytes(self._held[max(0, more - len(LAST_CHUNK)) : more]))[-len(LAST_CHUNK) :]
        return got

    def _more(self, at: int) -> int:
        more = self._socket.recv_into(memoryview(self._held)[at:])
        if not more:
            raise ConnectionResetError
        return more


def at_once(work: Sequence[Callable[[], object]]) -> None:
    """Do several things at once, each in a thread; raise what the first of them raised."""
    failed: list[BaseException] = []

    def guarded(one: Callable[[], object]) -> None:
        try:
            one()
        except Exception as error:  # noqa: BLE001 - raised below
            failed.append(error)

    threads = [threading.Thread(target=guarded, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
