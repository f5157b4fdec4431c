"""Sending by C-STORE to nodes that take everything, little, or nothing."""

import pytest
from django.test import override_settings
from pydicom.uid import (
    BasicTextSRStorage,
    CTImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MRImageStorage,
    RLELossless,
    SecondaryCaptureImageStorage,
)

from tests.peers import node
from tests.phantoms import dicom, pictures
from tests.webapp.exchange.dicomweb.conftest import Sender
from tests.webapp.exchange.routing.conftest import asked, carried, pacs
from webapp.exchange.routing import cstore
from webapp.exchange.routing.echo import echo_destination
from webapp.exchange.routing.models import Delivery, DeliveryObject, Destination
from webapp.exchange.routing.services import DELIVERY
from webapp.foundation.outbox.models import OutboxItem
from webapp.imaging.archive.models import Instance, Study

pytestmark = pytest.mark.sqlite

State = Delivery.State


def test_a_study_arrives_whole(study: Study) -> None:
    with node() as peer:
        ended = carried(asked(study, pacs(peer)))
    assert (ended.state, ended.said) == (State.SENT, "3 objects sent.")
    assert len(set(peer.uids)) == 3
    assert {str(ds.PatientName) for _, ds in peer.received} == {dicom.CANARY}


@pytest.mark.parametrize(
    ("taken", "chosen"),
    [
        ([RLELossless, ExplicitVRLittleEndian], RLELossless),
        ([ExplicitVRLittleEndian, ImplicitVRLittleEndian], ExplicitVRLittleEndian),
        ([ImplicitVRLittleEndian], ImplicitVRLittleEndian),
    ],
)
def test_packed_pixels_leave_packed_where_that_is_taken_else_unpacked(
    sender: Sender, taken: list[str], chosen: str
) -> None:
    ds = dicom.image()
    pixels = ds.pixel_array.copy()
    ds.compress(RLELossless, generate_instance_uid=False)
    sender.send(ds)
    with node(syntaxes=taken) as peer:
        ended = carried(asked(Study.objects.get(), pacs(peer)))
    assert ended.state == State.SENT, ended.said
    ((syntax, received),) = peer.received
    assert syntax == chosen
    received.file_meta = dicom.header(syntax=syntax).file_meta
    assert (received.pixel_array == pixels).all()


def test_what_the_node_does_not_take_is_said_and_the_rest_arrives(sender: Sender) -> None:
    ct = dicom.image()
    sender.send(ct, dicom.image(sop_class=MRImageStorage, StudyInstanceUID=ct.StudyInstanceUID))
    with node() as peer:
        ended = carried(asked(Study.objects.get(), pacs(peer)))
    assert peer.uids == [ct.SOPInstanceUID]
    assert ended.state == State.FAILED
    assert ended.said == "1 of 2 objects refused: Archive takes no MR Image Storage."


def test_a_node_that_takes_none_of_it_says_so_at_once(study: Study) -> None:
    with node(classes=[MRImageStorage]) as peer:
        ended = carried(asked(study, pacs(peer)))
    assert (ended.state, OutboxItem.objects.get(kind=DELIVERY).attempt) == (State.FAILED, 1)
    assert ended.said == "3 of 3 objects refused: Archive takes no CT Image Storage."


def test_a_refused_object_waits_for_a_person_and_the_others_are_there(study: Study) -> None:
    answers = iter([0, 0xC123, 0])
    with node(answers=lambda _taken: next(answers)) as peer:
        ended = carried(asked(study, pacs(peer)))
    assert (ended.state, ended.said) == (State.FAILED, "1 of 3 objects refused: Archive answered C123")
    assert list(DeliveryObject.objects.order_by("pk").values_list("state", flat=True)) == ["sent", "refused", "sent"]


def test_a_warning_is_kept_with_the_object_which_counts_as_taken(study: Study) -> None:
    with node(answers=lambda _taken: 0xB000) as peer:
        ended = carried(asked(study, pacs(peer)))
    assert ended.state == State.SENT
    assert set(DeliveryObject.objects.values_list("said", flat=True)) == {"Archive answered B000"}


@pytest.mark.parametrize(("answer", "said"), [(0xA700, "out of resources (A700)."), (-1, "broke off in the middle.")])
def test_passing_trouble_is_tried_again_from_where_it_stopped(study: Study, answer: int, said: str) -> None:
    with node(answers=lambda taken: answer if taken == 2 else 0) as peer:
        delivery = carried(asked(study, pacs(peer)))
        assert (delivery.state, OutboxItem.objects.get(kind=DELIVERY).failures) == (State.WAITING, 1)
        assert delivery.said.endswith(said)
        assert len(peer.uids) == 2
        peer.answers = lambda _taken: 0
        assert carried(delivery).state == State.SENT
    assert len(peer.uids) == len(set(peer.uids)) == 3


# pynetdicom drops a socket that could not connect without closing it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_why_there_is_no_association_is_said_in_words(study: Study) -> None:
    with node(callers=["SOMEBODY"]) as peer:
        destination = pacs(peer)
        delivery = carried(asked(study, destination))
        said = f"PACS at 127.0.0.1:{peer.port} rejected us: it does not know our AE title, READROOM."
        assert delivery.said == echo_destination(destination) == said
    assert carried(delivery).said == f"PACS at 127.0.0.1:{peer.port} does not answer."
    assert echo_destination(destination) == f"PACS at 127.0.0.1:{peer.port} does not answer."


def test_an_echo_is_answered_by_who_lets_us_in(db: None) -> None:  # noqa: ARG001 - asks for the database
    with node(callers=["CLINIC"]) as peer, override_settings(DICOM_TITLE="CLINIC"):
        assert echo_destination(pacs(peer)) == ""


def test_more_kinds_of_objects_than_one_association_has_room_for(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cstore, "CONTEXTS", 4)  # of 128
    kinds = [CTImageStorage, MRImageStorage, BasicTextSRStorage]
    study = dicom.header().StudyInstanceUID
    sender.send(*(dicom.header(kind, StudyInstanceUID=study) for kind in kinds))
    with node(classes=kinds) as peer:
        ended = carried(asked(Study.objects.get(), pacs(peer)))
    assert ended.state == State.SENT, ended.said
    assert {ds.SOPClassUID for _, ds in peer.received} == set(kinds)


def test_a_picture_leaves_as_the_object_that_it_became(sender: Sender) -> None:
    sender.send(pictures.png(sender.folder / "wrist.png"))
    with node(classes=[SecondaryCaptureImageStorage]) as peer:
        ended = carried(asked(Study.objects.get(), pacs(peer)))
    assert ended.state == State.SENT, ended.said
    assert peer.received[0][1].Rows == Instance.objects.get().rows


def test_where_two_are_sent_to_each_has_its_own_delivery(study: Study) -> None:
    with node() as one, node() as other:
        first = asked(study, pacs(one))
        second = asked(study, pacs(other, name="Second archive"))
        carried(second)
    assert len(other.received) == 3
    assert Delivery.objects.get(pk=first.pk).state == State.WAITING
    assert Destination.objects.count() == 2
