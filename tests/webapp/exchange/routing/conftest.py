"""A study to send, destinations to send it to, and the hand that carries it."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from tests.peers import TITLE, Node
from tests.phantoms import dicom
from tests.webapp import factories
from tests.webapp.exchange.dicomweb.conftest import Sender
from webapp.exchange.routing.models import Delivery, Destination
from webapp.exchange.routing.services import DELIVERY, delivery_ask
from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.services import work_due
from webapp.imaging.archive.models import Study


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own."""
    monkeypatch.setenv("READROOM_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def sender(db: None, tmp_path: Path) -> Sender:  # noqa: ARG001 - asks for the database
    """A clinician of the main clinic who sends objects in."""
    return Sender(factories.clinician(), tmp_path)


@pytest.fixture
def study(sender: Sender) -> Study:
    """A CT series of three slices."""
    sender.send(*dicom.series(3))
    return Study.objects.get()


def pacs(node: Node, **fields: object) -> Destination:
    """Name a node as a destination."""
    given = {"name": "Archive", "host": "127.0.0.1", "port": node.port, "title": TITLE, **fields}
    return Destination.objects.create(**given)


def asked(study: Study, destination: Destination, what: str = Delivery.What.STUDY) -> Delivery:
    """Ask for a delivery."""
    return delivery_ask(study=study, destination=destination, what=what, user=None)


def carried(delivery: Delivery) -> Delivery:
    """Make one attempt, as the process that sends does; return the row as it then stands."""
    # It is its turn, whatever waits before it or keeps it waiting.
    OutboxItem.objects.filter(subject=str(delivery.pk)).update(next_at=timezone.now() - timedelta(days=1))
    assert work_due(DELIVERY) == 1
    return Delivery.objects.get(pk=delivery.pk)
