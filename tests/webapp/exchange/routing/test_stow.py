"""Sending by STOW-RS to a service that answers as it is told; a real archive is in tests/services/test_orthanc.py."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import FileDataset
from pydicom.uid import ExplicitVRLittleEndian, RLELossless

from tests.phantoms import dicom
from tests.webapp.exchange.dicomweb.conftest import Sender
from tests.webapp.exchange.routing.conftest import asked, carried
from webapp.exchange.routing.echo import echo_destination
from webapp.exchange.routing.models import Delivery, Destination
from webapp.imaging.archive.models import Instance, Study
from workers import storage

pytestmark = pytest.mark.sqlite

State = Delivery.State
#: How a service answers to an object: status, and the failure reason in its dataset (None: stored).
Told = tuple[int, int | None]


class Service:
    """A DICOMweb service: what came, and how it answers to each object in turn."""

    def __init__(self, told: list[Told]) -> None:
        self.told = iter(told)
        self.bodies: list[bytes] = []
        self.shown: list[str | None] = []
        self.says_nothing = False

    def answer(self, body: bytes, uid: str) -> tuple[int, dict[str, Any]]:
        """Take one body in."""
        self.bodies.append(body)
        if self.says_nothing:
            return 200, {}
        status, reason = next(self.told, (200, None))
        one = {"00081155": {"vr": "UI", "Value": [uid]}}
        if reason is None:
            return status, {"00081199": {"vr": "SQ", "Value": [one]}}
        return status, {"00081198": {"vr": "SQ", "Value": [{**one, "00081197": {"vr": "US", "Value": [reason]}}]}}


@contextmanager
def service(*told: Told) -> Iterator[tuple[Service, Destination]]:
    """Run a service and name it as a destination."""
    here = Service(list(told))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            here.shown.append(self.headers["Authorization"])
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            body = sent.partition(b"\r\n\r\n")[2].rpartition(b"\r\n--")[0]  # the one part
            self.reply(*here.answer(body, str(dcmread(BytesIO(body)).SOPInstanceUID)))

        def do_GET(self) -> None:
            self.reply(next(here.told, (200, None))[0], {})

        def reply(self, status: int, told: dict[str, Any]) -> None:
            content = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/dicom+json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/dicom-web"
        yield here, Destination.objects.create(name="Cloud", kind=Destination.Kind.STOW, url=url)
        server.shutdown()


def packed() -> FileDataset:
    """Return an image in RLE."""
    ds = dicom.image()
    ds.compress(RLELossless, generate_instance_uid=False)
    return ds


def syntax_of(body: bytes) -> str:
    """Return the transfer syntax of a file."""
    return str(dcmread(BytesIO(body)).file_meta.TransferSyntaxUID)


def test_the_stored_bytes_are_what_arrives(study: Study) -> None:
    with service() as (peer, cloud):
        ended = carried(asked(study, cloud))
    assert (ended.state, ended.said) == (State.SENT, "3 objects sent.")
    stored = [storage.object_path(one.sha256).read_bytes() for one in Instance.objects.order_by("pk")]
    assert sorted(peer.bodies) == sorted(stored)


@pytest.mark.parametrize("first", [(409, 0xC122), (415, None)])
def test_a_service_that_cannot_read_the_packing_gets_it_unpacked(sender: Sender, first: Told) -> None:
    sender.send(packed())
    with service(first) as (peer, cloud):
        assert carried(asked(Study.objects.get(), cloud)).state == State.SENT
    assert [syntax_of(body) for body in peer.bodies] == [RLELossless, ExplicitVRLittleEndian]


@pytest.mark.parametrize(
    ("told", "state", "said"),
    [
        ((409, 0xC000), State.FAILED, "1 of 3 objects refused: Cloud answered C000."),
        ((202, 0x0110), State.FAILED, "1 of 3 objects refused: Cloud answered 0110."),
        ((409, 0xA700), State.WAITING, "Cloud is out of resources (A700)."),
        ((503, None), State.WAITING, "{url} answers 503 Service Unavailable."),
        ((401, None), State.WAITING, "{url} answers 401 Unauthorized."),
    ],
)
def test_what_a_service_answers_is_about_the_object_or_about_itself(
    study: Study, told: Told, state: str, said: str
) -> None:
    with service((200, None), told) as (_peer, cloud):
        ended = carried(asked(study, cloud))
    assert (ended.state, ended.said) == (state, said.format(url=cloud.url))


def test_an_answer_that_does_not_say_stored_is_not_taken_for_stored(study: Study) -> None:
    with service() as (peer, cloud):
        peer.says_nothing = True
        ended = carried(asked(study, cloud))
    assert (ended.state, ended.said) == (State.WAITING, f"{cloud.url} does not say that it stored what was sent.")


@pytest.mark.parametrize(
    ("secret", "shown"), [("me:it's a secret", "Basic bWU6aXQncyBhIHNlY3JldA=="), ("t0ken", "Bearer t0ken")]
)
def test_credentials_come_from_the_environment(
    study: Study, monkeypatch: pytest.MonkeyPatch, secret: str, shown: str
) -> None:
    with service() as (peer, cloud):
        Destination.objects.update(credentials="CLOUD")
        delivery = carried(asked(study, Destination.objects.get()))
        assert delivery.said == "The variable READROOM_SEND_CLOUD is not set in the sending process."
        monkeypatch.setenv("READROOM_SEND_CLOUD", secret)
        assert carried(delivery).state == State.SENT
    assert set(peer.shown) == {shown}
    assert cloud.kind == Destination.Kind.STOW


def test_does_it_answer(db: None) -> None:  # noqa: ARG001 - asks for the database
    with service((200, None), (404, None), (401, None), (502, None)) as (_peer, cloud):
        answers = [echo_destination(cloud) for _ in range(4)]
    assert answers == ["", "", f"{cloud.url} answers 401 Unauthorized.", f"{cloud.url} answers 502 Bad Gateway."]
    assert echo_destination(cloud) == f"{cloud.url} does not answer as a DICOMweb service does."
