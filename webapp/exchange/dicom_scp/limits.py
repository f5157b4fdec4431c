"""Limits on what one peer may use of the listener (bytes, time, connections); a peer that exceeds one is cut off."""

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

#: Maximum P-DATA-TF PDU length in bytes that we negotiate (PS3.8 D.1), and the most bytes of any PDU: enough for an
#: A-ASSOCIATE-RQ with 128 presentation contexts.
PDU_BYTES, PDU_LARGEST = 128 << 10, 512 << 10
#: Most bytes of a message other than a C-STORE data set; a command set has a few hundred.
COMMAND_LARGEST = 64 << 10
#: Timeouts in seconds: for receiving a whole PDU, for the next one to begin, and for association negotiation.
SECONDS_PER_PDU, SECONDS_IDLE, SECONDS_TO_ASSOCIATE = 30.0, 60.0, 15.0
#: Most messages that may wait for a response; the standard's default is one at a time (PS3.7 D.3.3.3).
AHEAD = 4
#: Connections allowed beyond the associations, so that surplus callers get a proper rejection.
CONNECTIONS_BESIDE = 16
#: Seconds that associations have to finish when the listener is stopped; less than the launcher waits.
SECONDS_TO_END = 5.0


class TooMuchError(OSError):
    """The peer sends more than a limit allows; the connection is closed."""


class BoundedSocket(AssociationSocket):
    """A socket that limits the size of a PDU, the time it takes, and the size of one message."""

    received = 0  # bytes since the last whole message
    cut_off = ""  # why, where a limit was passed

    def recv(self, nr_bytes: int) -> bytearray:
        """Return the next `nr_bytes` bytes; fewer if the peer closes the connection.

        Raises
        ------
        TooMuchError, TimeoutError
            If a limit is exceeded; the association then ends as if the peer had closed the connection.
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
    """Return the temporary file of the object that is being received; None if there is none."""
    message = assoc.dimse.message
    return Path(message._data_set_file.name) if message and message._data_set_file else None


class BoundedCall(RequestHandler):
    """The handler of one connection; its association uses a `BoundedSocket`."""

    def handle(self) -> None:
        """Perform the TLS handshake, if TLS is required, in the connection's own thread, then run the association."""
        if isinstance(self.request, ssl.SSLSocket):
            server = cast("BoundedServer", self.server)
            try:
                with server.agreeing:
                    self.request.do_handshake()
            except OSError:  # includes SSLError: the peer does not use TLS, or not in a way that we accept
                log.warning("a call without TLS, or without a certificate that is trusted, was ended")
                self.request.close()
                return
        super().handle()

    def _create_association(self) -> Association:
        assoc = super()._create_association()
        # pynetdicom hard-codes the class of its sockets; ours overrides only how bytes are received.
        cast("AssociationSocket", assoc.dul.socket).__class__ = BoundedSocket
        return assoc


class _Agreeing:
    """Counts connections in a TLS handshake: they are not associations yet, but each occupies a thread."""

    def __init__(self) -> None:
        self.count, self.lock = 0, threading.Lock()

    def __enter__(self) -> None:
        with self.lock:
            self.count += 1

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.count -= 1


class BoundedServer(ThreadedAssociationServer):
    """A server that limits the number of connections, none of which can block a thread for ever."""

    def __init__(self, *given: Any, **named: Any) -> None:
        self.agreeing = _Agreeing()
        super().__init__(*given, **named)

    def get_request(self) -> tuple[Any, Any]:
        """Accept a connection, with a timeout; the TLS handshake follows in its own thread, where it delays nobody."""
        assert self.socket is not None
        connection, address = self.socket.accept()
        connection.settimeout(SECONDS_PER_PDU)
        if self.ssl_context is not None:
            connection = self.ssl_context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002 - socketserver's signature
        """Return whether there is room for another connection; if not, it is closed without a response."""
        here = len(self.active_associations) + self.agreeing.count
        return here < self.ae.maximum_associations + CONNECTIONS_BESIDE

    def stop(self) -> None:
        """Stop accepting connections, give the associations `SECONDS_TO_END` to finish, then abort the rest."""
        socketserver.BaseServer.shutdown(self)
        self.server_close()
        deadline = time.monotonic() + SECONDS_TO_END
        while (here := self.active_associations) and time.monotonic() < deadline:
            time.sleep(0.05)
        for each in here:
            each.abort()
