"""The DICOM listener: an SCP of C-ECHO and C-STORE for the AE titles of its allowlist (PS3.4 A and B, PS3.7 9.1)."""

import logging
import shutil
import tempfile
from datetime import timedelta
from typing import NamedTuple, cast

from django.conf import settings
from django.db import DatabaseError, connections
from django.utils import timezone
from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import AE, AllStoragePresentationContexts, _config, evt
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.pdu_primitives import A_ASSOCIATE

from webapp.exchange.dicom_scp import limits
from webapp.exchange.dicom_scp.accounts import sender_account_get
from webapp.exchange.dicom_scp.ae_allowlist import Caller, caller_get
from webapp.exchange.dicom_scp.sender_activity import record_sender
from webapp.exchange.dicom_scp.statuses import Status, filed_told, told, trouble_told
from webapp.exchange.dicom_scp.verification import VERIFICATION
from webapp.foundation.accounts.models import Site
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.models import AuditEvent
from webapp.foundation.audit.services import audit_record
from webapp.foundation.core import tls
from webapp.imaging.archive.ingest import Announced, ingest_file
from webapp.imaging.archive.zip_upload import printable_name
from workers import api

log = logging.getLogger(__name__)

#: Result, source and reason of an A-ASSOCIATE-RJ (PS3.8 Table 9-21); `SAID` has their texts for the audit trail.
Refusal = tuple[int, int, int]
CALLER_UNKNOWN, CALLED_UNKNOWN, NO_ROOM, NO_DISK = (1, 1, 3), (1, 1, 7), (2, 3, 2), (2, 3, 1)
SAID: dict[tuple[int | None, int | None, int | None], str] = {
    CALLER_UNKNOWN: "calling AE title not recognised, or not from this address",
    CALLED_UNKNOWN: "called AE title not recognised",
    NO_ROOM: "too many associations at once",
    NO_DISK: "the disk is nearly full",
}
#: A refused scanner tries again and again; equal refusals within this time are recorded as one event.
ONE_REFUSAL = timedelta(minutes=1)
#: Free disk space that is required to accept an association: with less, pages could not be served either.
DISK_LEAST_BYTES = 64 << 20


class Call(NamedTuple):
    """The calling and called AE title of an association, and the peer's address."""

    calling: str
    called: str
    address: str


def _call(event: evt.Event) -> Call:
    """Return the AE titles of an association request (PS3.8 Table 9-11), and the address it comes from."""
    requestor = event.assoc.requestor
    request = cast("A_ASSOCIATE", requestor.primitive)
    calling, called = (
        printable_name(title or "").strip() for title in (request.calling_ae_title, request.called_ae_title)
    )
    return Call(calling, called, requestor.address)


class Listener:
    """An application entity: its AE title, its allowlist, and its handlers of pynetdicom's events."""

    def __init__(self, *, title: str, callers: list[Caller], site: Site) -> None:
        self.title = title
        self.callers = callers
        self.site = site

    def start(self, *, address: str, port: int) -> limits.BoundedServer:
        """Bind the port and return the server, which answers once its `serve_forever` is called.

        Raises
        ------
        OSError
            If the port cannot be bound.
        ImproperlyConfigured
            If TLS cannot be set up as the settings require.
        """
        # An object is written to disk as it arrives and never parsed in this process (decision 10).
        _config.STORE_RECV_CHUNKED_DATASET = True
        _config.LOG_HANDLER_LEVEL = "none"
        tempfile.tempdir = str(settings.FILE_UPLOAD_TEMP_DIR)  # pynetdicom writes there; swept like uploads
        server = self._entity().make_server(
            (address, port),
            evt_handlers=[
                (evt.EVT_REQUESTED, self.on_call),
                (evt.EVT_ACSE_SENT, self.on_answer),
                (evt.EVT_DIMSE_RECV, on_message),
                (evt.EVT_C_STORE, self.on_store),
                (evt.EVT_ABORTED, self.on_abort),
                (evt.EVT_RELEASED, on_end),
                (evt.EVT_CONN_CLOSE, on_hang_up),
            ],
            ssl_context=tls.context_for_answering(),
            server_class=limits.BoundedServer,
            request_handler=limits.BoundedCall,
        )
        return cast("limits.BoundedServer", server)

    def _entity(self) -> AE:
        entity = AE(ae_title=self.title)
        entity.maximum_associations = settings.DICOM_ASSOCIATIONS
        entity.maximum_pdu_size = limits.PDU_BYTES
        entity.acse_timeout = limits.SECONDS_TO_ASSOCIATE
        entity.network_timeout = entity.dimse_timeout = limits.SECONDS_IDLE
        syntaxes = [UID(uid) for uid in api.syntaxes_read()]
        entity.add_supported_context(VERIFICATION)
        for context in AllStoragePresentationContexts:
            entity.add_supported_context(str(context.abstract_syntax), syntaxes)
        return entity

    def on_call(self, event: evt.Event) -> None:
        """Reject an association request from a peer that may not call; pynetdicom negotiates with any other."""
        refusal: Refusal | None = CALLER_UNKNOWN  # pynetdicom swallows exceptions here, and would go on
        try:
            refusal = self._refusal(_call(event))
        finally:
            if refusal is not None:
                event.assoc.acse.send_reject(*refusal)
                event.assoc.kill()

    def on_answer(self, event: evt.Event) -> None:
        """Record every rejected association, by us or by pynetdicom, in the audit trail."""
        answer = event.assoc.acceptor.primitive
        if answer is not None and answer.result:
            reason = (answer.result, answer.result_source, answer.diagnostic)
            self._record(event, SAID.get(reason, "not acceptable"))
            connections.close_all()

    def on_store(self, event: evt.Event) -> Dataset:
        """Ingest one object; it is acknowledged once its bytes and rows would survive a power failure."""
        call, request = _call(event), cast("C_STORE", event.request)
        caller = self._caller(call)
        if caller is None:
            return told(Status.NOT_AUTHORISED, "This caller may only ask whether somebody listens.")
        announced = Announced(str(request.AffectedSOPClassUID), str(request.AffectedSOPInstanceUID))
        try:
            (filed,) = ingest_file(
                path=event.dataset_path,
                name="",
                user=sender_account_get(name=f"DICOM {caller.title}", site=self.site),
                actor=f"DICOM {call.calling}",
                address=call.address,
                announced=announced,
            )
            if not filed.fault:
                record_sender(name=f"DICOM {call.calling}", address=call.address)
        except (OSError, DatabaseError) as trouble:
            connections.close_all()
            return trouble_told(trouble)
        return filed_told(filed)

    def on_abort(self, event: evt.Event) -> None:
        """Record in the audit trail if the peer was cut off by a limit, and why."""
        if isinstance(event.assoc.dul.socket, limits.BoundedSocket) and event.assoc.dul.socket.cut_off:
            self._record(event, f"cut off: {event.assoc.dul.socket.cut_off}")
        on_end(event)

    def _refusal(self, call: Call) -> Refusal | None:
        if call.called != self.title:
            return CALLED_UNKNOWN
        if self._caller(call) is None and not self._is_own(call):
            return CALLER_UNKNOWN
        return NO_DISK if shutil.disk_usage(settings.DATA).free < DISK_LEAST_BYTES else None

    def _caller(self, call: Call) -> Caller | None:
        return caller_get(title=call.calling, address=call.address, callers=self.callers)

    def _is_own(self, call: Call) -> bool:
        """Return whether this is our own health check, which may send C-ECHO but not C-STORE."""
        return call.calling == self.title and call.address in {"127.0.0.1", "::1"}

    def _record(self, event: evt.Event, said: str) -> None:
        code, actor, address = Code.ASSOCIATION_REFUSED, f"DICOM {_call(event).calling}", _call(event).address
        same = AuditEvent.objects.filter(code=code, actor=actor, address=address, details=said)
        if same.filter(at__gte=timezone.now() - ONE_REFUSAL).exists():
            return
        audit_record(code=code, actor=actor, address=address, details=said, success=False)
        log.warning("association refused: %s", said)


def on_message(event: evt.Event) -> None:
    """Reset the count of received bytes at the end of a message."""
    if isinstance(event.assoc.dul.socket, limits.BoundedSocket):
        event.assoc.dul.socket.received = 0


def on_end(event: evt.Event) -> None:  # noqa: ARG001 - pynetdicom's signature
    """Close the database connections of the association's thread, which ends."""
    connections.close_all()


def on_hang_up(event: evt.Event) -> None:
    """Remove the file of an object that was not received completely; it has not been acknowledged."""
    if unfinished := limits.file_being_received(event.assoc):
        unfinished.unlink(missing_ok=True)
