"""A DICOM node that others wrote (pynetdicom), told what it takes and what it answers."""

import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from pynetdicom import AE, evt

from tests.servers import free_port
from webapp.exchange.dicom_scp.verification import VERIFICATION

TITLE = "PACS"


class Node:
    """What has come to a node, and how it answers."""

    def __init__(self, answers: Callable[[int], int]) -> None:
        self.port = free_port()
        self.answers = answers
        #: (transfer syntax, data set) of each object.
        self.received: list[tuple[str, Dataset]] = []

    def on_store(self, event: evt.Event) -> int:
        """Answer an object as told for the number of those that were taken before it."""
        status = self.answers(len(self.received))
        if status < 0:
            event.assoc.abort()
        if status in {0, 0xB000}:
            self.received.append((str(event.context.transfer_syntax), event.dataset))
        return max(status, 0)

    @property
    def uids(self) -> list[str]:
        """SOPInstanceUIDs in the order in which they came."""
        return [str(ds.SOPInstanceUID) for _, ds in self.received]


@contextmanager
def node(
    *,
    classes: Iterable[str] = (CTImageStorage,),
    syntaxes: Iterable[str] = (ExplicitVRLittleEndian,),
    answers: Callable[[int], int] = lambda _taken: 0,
    callers: Iterable[str] = (),
    secured: ssl.SSLContext | None = None,
) -> Iterator[Node]:
    """Run a node on a free port.

    Parameters
    ----------
    classes, syntaxes
        SOP classes and transfer syntaxes that it takes.
    answers
        Objects taken so far -> status of the next response; less than 0: the node hangs up.
    callers
        AE titles that may call; empty for any.
    secured
        Its TLS.
    """
    here = Node(answers)
    entity = AE(ae_title=TITLE)
    entity.require_calling_aet = list(callers)
    entity.add_supported_context(VERIFICATION)
    for sop_class in classes:
        entity.add_supported_context(sop_class, list(syntaxes))
    server = entity.start_server(
        ("127.0.0.1", here.port), block=False, evt_handlers=[(evt.EVT_C_STORE, here.on_store)], ssl_context=secured
    )
    assert server is not None
    try:
        yield here
    finally:
        server.shutdown()
