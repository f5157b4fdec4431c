"""Sending by C-STORE (PS3.4 B, PS3.7 9.1.1): negotiating presentation contexts, sending, reading the responses."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from django.conf import settings
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, _config
from pynetdicom.association import Association
from pynetdicom.status import code_to_category

from webapp.exchange.dicom_scp.verification import VERIFICATION
from webapp.exchange.routing.models import DeliveryObject, Destination
from webapp.exchange.routing.outcomes import Answer, PeerTroubleError, syntax_stored, unpacked
from webapp.foundation.core import tls
from workers import api, storage

#: SOP class UID and transfer syntax UID.
Context = tuple[str, str]
#: Transfer syntaxes to which any object can be converted; every node must accept the second (PS3.5 10.1).
PLAIN = (str(ExplicitVRLittleEndian), str(ImplicitVRLittleEndian))
#: Most presentation contexts of one association (PS3.8 9.3.2.2: odd numbers from 1 to 255).
CONTEXTS = 128
SECONDS_TO_CONNECT, SECONDS_TO_ANSWER = 10.0, 60.0
#: Bytes per second below which a connection is given up. The response timeout already runs while an object is being
#: sent, so it is extended by the time this takes at this rate.
SLOWEST = 1 << 18
#: Why an association was rejected, by source and reason (PS3.8 Table 9-21).
REJECTED = {
    (1, 2): "it does not know the application context",
    (1, 3): "it does not know our AE title, {ours}",
    (1, 7): "that is not its AE title",
    (3, 1): "it is too busy",
    (3, 2): "it has too many associations already",
}


def send_by_c_store(destination: Destination, items: Sequence[DeliveryObject]) -> Iterator[Answer]:
    """Send objects one after the other; yield the response to each.

    Raises
    ------
    PeerTroubleError
        If no association can be established, or it breaks off; objects not yielded have had no response.
    """
    # A stored file is sent as it is, unparsed (decision 10); only its file meta information is read.
    _config.STORE_SEND_CHUNKED_DATASET = True
    _config.LOG_HANDLER_LEVEL = "none"
    sendable: list[tuple[DeliveryObject, str]] = []
    for item in items:
        try:
            syntax = syntax_stored(item.instance)
        except api.Refused as refused:
            yield Answer(item, refused=f"Its stored file cannot be read: {refused}")
            continue
        if item.instance.sop_class_uid:
            sendable.append((item, syntax))
        else:
            yield Answer(item, refused="It does not say what kind of object it is (SOP class).")
    for batch in _batches(sendable):
        offered = {context for item, syntax in batch for context in _contexts(item, syntax)}
        with association(destination, sorted(offered)) as opened:
            taken = {(str(each.abstract_syntax), str(each.transfer_syntax[0])) for each in opened.accepted_contexts}
            for number, (item, syntax) in enumerate(batch, start=1):
                yield _sent(opened, item, syntax, taken=taken, number=number, destination=destination)


def echo(destination: Destination) -> None:
    """Send a C-ECHO to a destination; raises as `send_by_c_store` if it does not answer."""
    with association(destination, [(VERIFICATION, PLAIN[1])], seconds=5.0) as opened:
        if opened.send_c_echo().get("Status") != 0:
            raise PeerTroubleError(f"{_place(destination)} does not answer a C-ECHO.")


@contextmanager
def association(
    destination: Destination, contexts: Iterable[Context], *, seconds: float = SECONDS_TO_ANSWER
) -> Iterator[Association]:
    """Yield an open association with a destination; raises as `send_by_c_store`."""
    entity = AE(ae_title=settings.DICOM_TITLE)
    entity.connection_timeout = min(SECONDS_TO_CONNECT, seconds)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = seconds
    for sop_class, syntax in contexts:
        entity.add_requested_context(sop_class, syntax)
    secured = (tls.context_for_calling(), destination.host) if destination.tls else None
    try:
        opened = entity.associate(
            destination.host, int(destination.port or 0), ae_title=destination.title, tls_args=secured
        )
    except (OSError, ValueError, RuntimeError) as trouble:
        raise PeerTroubleError(_nobody(destination)) from trouble
    try:
        # If the destination rejects every context, pynetdicom releases the association: that concerns the objects.
        if not opened.is_established and not opened.rejected_contexts:
            raise PeerTroubleError(_why_not(opened, destination))
        yield opened
    finally:
        if opened.is_established:
            opened.release()


def _batches(sendable: list[tuple[DeliveryObject, str]]) -> Iterator[list[tuple[DeliveryObject, str]]]:
    """Yield the objects in batches whose presentation contexts fit into one association."""
    batch: list[tuple[DeliveryObject, str]] = []
    offered: set[Context] = set()
    for item, syntax in sendable:
        more = offered | _contexts(item, syntax)
        if len(more) > CONTEXTS:
            yield batch
            batch, more = [], _contexts(item, syntax)
        batch.append((item, syntax))
        offered = more
    if batch:
        yield batch


def _contexts(item: DeliveryObject, syntax: str) -> set[Context]:
    return {(item.instance.sop_class_uid, each) for each in (syntax, *PLAIN) if each}


def _sent(
    opened: Association,
    item: DeliveryObject,
    syntax: str,
    *,
    taken: set[Context],
    number: int,
    destination: Destination,
) -> Answer:
    """Send one object: as stored if the destination accepts its transfer syntax, otherwise decompressed."""
    sop_class = item.instance.sop_class_uid
    opened.dimse_timeout = SECONDS_TO_ANSWER + item.instance.file_size / SLOWEST
    explicit, implicit = ((sop_class, each) in taken for each in PLAIN)
    try:
        if syntax and (sop_class, syntax) in taken:
            told = opened.send_c_store(storage.object_path(item.instance.sha256), msg_id=_id(number))
        elif explicit or implicit:
            with unpacked(item.instance) as path:
                # For Implicit VR, pynetdicom encodes the data set of the file that we have just written.
                told = opened.send_c_store(path if explicit else dcmread(path), msg_id=_id(number))
        else:
            return Answer(item, refused=f"{destination.name} takes no {UID(sop_class).name}.")
    except api.Refused as refused:
        return Answer(item, refused=f"{destination.name} does not take it as it is stored, and unpacked: {refused}")
    except (AttributeError, ValueError):
        return Answer(item, refused="Its stored file has no valid file meta information.")
    except RuntimeError as over:  # raised by pynetdicom if the association has ended
        raise PeerTroubleError(_broken(destination)) from over
    return _answer(item, told, destination)


def _answer(item: DeliveryObject, told: Dataset, destination: Destination) -> Answer:
    if "Status" not in told:
        raise PeerTroubleError(_broken(destination))
    status, comment = int(told.Status), str(told.get("ErrorComment") or "")
    said = f"{destination.name} answered {status:04X}{': ' if comment else ''}{comment}"
    match code_to_category(status):
        case "Success":
            return Answer(item)
        case "Warning":
            return Answer(item, said=said)
        case _ if status >> 8 == 0xA7:
            raise PeerTroubleError(f"{destination.name} is out of resources ({status:04X}).")
        case _:
            return Answer(item, refused=said)


def _id(number: int) -> int:
    return number % 65_535 + 1


def _place(destination: Destination) -> str:
    return f"{destination.title} at {destination.host}:{destination.port}"


def _nobody(destination: Destination) -> str:
    by_tls = " by TLS, or its certificate is not trusted" if destination.tls else ""
    return f"{_place(destination)} does not answer{by_tls}."


def _broken(destination: Destination) -> str:
    return f"{_place(destination)} broke off in the middle."


def _why_not(opened: Association, destination: Destination) -> str:
    answer = opened.acceptor.primitive
    if not opened.is_rejected or answer is None:
        return _nobody(destination)
    reason = REJECTED.get((answer.result_source or 0, answer.diagnostic or 0), "it gives no reason")
    return f"{_place(destination)} rejected us: {reason.format(ours=settings.DICOM_TITLE)}."
