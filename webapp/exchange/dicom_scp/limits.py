"""How much one caller may take of the listener: bytes, time, connections. Whoever takes more is cut off."""

import logging
import socketserver
import ssl
import threading
import time
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from pynetdicom.association import Association
from pynetdicom.transport import AssociationSocket, RequestHandler, ThreadedAssociationServer

log = logging.getLogger(__name__)

#: Bytes of a P-DATA PDU that we ask for (PS3.8 D.1); any PDU, an A-ASSOCIATE-RQ of 128 contexts included, has fewer
#: than the second.
PDU_BYTES, PDU_LARGEST = 128 << 10, 512 << 10
#: Bytes of a message that is no object to store: a command set has some hundred.
COMMAND_LARGEST = 64 << 10
#: Seconds for a whole PDU to come through, and for one that we wait for to begin.
SECONDS_PER_PDU, SECONDS_IDLE, SECONDS_TO_ASSOCIATE = 30.0, 60.0, 15.0
#: Messages that may wait for an answer; the standard's default is one at a time (PS3.7 D.3.3.3).
AHEAD = 4
#: Connections beside the associations: callers who are about to be told that there is no room.
CONNECTIONS_BESIDE = 16
#: What an association has to come to its end when the listener is stopped: less than the launcher waits.
SECONDS_TO_END = 5.0


class TooMuchError(OSError):
    """A caller sends more than is taken; the connection ends."""


class BoundedSocket(AssociationSocket):
    """Reads a PDU within limits of size and time, and no more of one message than it may have."""

    received = 0  # bytes since the last whole message
    cut_off = ""  # why, where a limit was passed

    def recv(self, nr_bytes: int) -> bytearray:
        """Read so many bytes.

        Raises
        ------
        TooMuchError, TimeoutError
            If a limit is passed; the association then ends as if the caller had hung up.
        """
        assert self.socket is not None
        self._check(nr_bytes)
        whole, have, ends = bytearray(nr_bytes), 0, time.monotonic() + SECONDS_PER_PDU
        while have < nr_bytes:
            if not (read := self.socket.recv_into(memoryview(whole)[have:])):
                return whole[:have]
            have += read
            if time.monotonic() > ends:
                raise TimeoutError
        return whole

    def _check(self, nr_bytes: int) -> None:
        self.received += nr_bytes
        storing = file_being_received(self.assoc) is not None
        if nr_bytes > PDU_LARGEST:
            self.cut_off = "a PDU larger than is taken"
        elif self.received > (settings.UPLOAD_LARGEST_BYTES if storing else PDU_LARGEST + COMMAND_LARGEST):
            self.cut_off = "an object larger than is taken" if storing else "a message larger than is taken"
        elif self.assoc.dimse.msg_queue.qsize() > AHEAD:
            self.cut_off = "more messages at once than are taken"
        if self.cut_off:
            raise TooMuchError(self.cut_off)


def file_being_received(assoc: Association) -> Path | None:
    """Return the file into which an object is being written that has not come to its end."""
    message = assoc.dimse.message
    return Path(message._data_set_file.name) if message and message._data_set_file else None


class BoundedCall(RequestHandler):
    """A call whose socket is a bounded one."""

    def handle(self) -> None:
        """Agree on TLS where it is asked for, in this call's own thread, then on an association."""
        if isinstance(self.request, ssl.SSLSocket):
            server = cast("BoundedServer", self.server)
            try:
                with server.agreeing:
                    self.request.do_handshake()
            except OSError:  # an SSLError is one: no TLS, or none that we take
                log.warning("a call without TLS, or without a certificate that is trusted, was ended")
                self.request.close()
                return
        super().handle()

    def _create_association(self) -> Association:
        assoc = super()._create_association()
        # pynetdicom names the class of its sockets in the middle of a function; this one only reads differently.
        cast("AssociationSocket", assoc.dul.socket).__class__ = BoundedSocket
        return assoc


class _Agreeing:
    """How many callers are just agreeing on TLS: they are no associations yet, and hold a thread each."""

    def __init__(self) -> None:
        self.count, self.lock = 0, threading.Lock()

    def __enter__(self) -> None:
        with self.lock:
            self.count += 1

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.count -= 1


class BoundedServer(ThreadedAssociationServer):
    """A server with a limited number of connections, none of which can block a thread for ever."""

    def __init__(self, *given: Any, **named: Any) -> None:
        self.agreeing = _Agreeing()
        super().__init__(*given, **named)

    def get_request(self) -> tuple[Any, Any]:
        """Accept a connection that gives up on a silent peer; TLS is agreed on later, where nobody else waits."""
        assert self.socket is not None
        connection, address = self.socket.accept()
        connection.settimeout(SECONDS_PER_PDU)
        if self.ssl_context is not None:
            connection = self.ssl_context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002 - socketserver's signature
        """Say whether there is room for one more connection; where there is none, it is closed without a word."""
        here = len(self.active_associations) + self.agreeing.count
        return here < self.ae.maximum_associations + CONNECTIONS_BESIDE

    def stop(self) -> None:
        """Accept nobody any more, let those who are here finish for a while, then end what is left."""
        socketserver.BaseServer.shutdown(self)
        self.server_close()
        deadline = time.monotonic() + SECONDS_TO_END
        while (here := self.active_associations) and time.monotonic() < deadline:
            time.sleep(0.05)
        for each in here:
            each.abort()
