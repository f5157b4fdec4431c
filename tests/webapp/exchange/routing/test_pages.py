"""The network page and the part of the study page that sends."""

import pytest
from django.test import Client

from tests.peers import node
from tests.webapp import factories
from tests.webapp.exchange.routing.conftest import asked, carried, pacs
from tests.webapp.imaging.dicom_objects.conftest import run_answered
from webapp.exchange.dicom_scp import sender_activity
from webapp.exchange.routing.models import Delivery, Destination
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.models import AuditEvent
from webapp.foundation.outbox.services import work_due
from webapp.imaging.archive.models import Study
from webapp.imaging.dicom_objects.services import RESULTS

pytestmark = pytest.mark.sqlite

ARCHIVE = {
    "name": "Archive",
    "kind": "c-store",
    "host": "pacs.example",
    "port": "104",
    "title": "PACS",
    "is_active": "on",
}


def test_an_admin_names_changes_and_asks_a_destination(admin: Client) -> None:
    assert "No destinations yet." in admin.get("/network/").content.decode()
    assert admin.post("/network/", ARCHIVE).status_code == 302
    archive = Destination.objects.get()
    page = admin.get("/network/").content.decode()
    assert "PACS at pacs.example:104" in page
    assert admin.post(f"/network/{archive.pk}/", {**ARCHIVE, "title": "PACS2", "tls": "on"}).status_code == 302
    archive.refresh_from_db()
    assert (archive.title, archive.tls) == ("PACS2", True)
    told = AuditEvent.objects.filter(code=Code.DESTINATION_CHANGED).order_by("pk").values_list("details", flat=True)
    assert list(told) == ["Archive: name, host, port, title", "Archive: title, tls"]


def test_a_destination_that_makes_no_sense_is_said_beside_its_field(admin: Client) -> None:
    page = admin.post("/network/", {**ARCHIVE, "host": "", "title": "FAR TOO LONG A TITLE"}).content.decode()
    assert page.count('<p class="error">') == 2
    assert "This field is required." in page
    assert not Destination.objects.exists()


def test_the_button_says_whether_a_destination_answers(admin: Client) -> None:
    with node() as peer:
        archive = pacs(peer)
        assert "It responds." in admin.post(f"/network/{archive.pk}/echo/").content.decode()
    Destination.objects.update(kind="stow", url="http://127.0.0.1:9", credentials="NOT_SET")
    assert "READROOM_SEND_NOT_SET is not set" in admin.post(f"/network/{archive.pk}/echo/").content.decode()


def test_a_clinician_sends_a_study_and_sees_how_far_it_is(clinician: Client, study: Study) -> None:
    address = f"/studies/{study.pk}/sending/"
    assert "<select" not in clinician.get(address).content.decode()  # nowhere to send it
    with node() as peer:
        archive = pacs(peer)
        assert '<option value="study">' in clinician.get(address).content.decode()
        page = clinician.post(address, {"destination": archive.pk, "what": "study"}).content.decode()
        assert ("Waiting" in page, "0 of 3" in page, "hx-get" in page) == (True, True, True)
        carried(Delivery.objects.get())
    page = clinician.get(f"{address}?part=deliveries").content.decode()
    assert ("3 of 3" in page, "hx-get" in page) == (True, False)
    event = AuditEvent.objects.filter(code=Code.SENDING_ASKED).get()
    assert (event.actor, event.study) == ("clinician", study.pk)


@pytest.mark.parametrize("what", ["study", "everything"])
def test_what_was_not_chosen_is_asked_for(clinician: Client, study: Study, what: str) -> None:
    Destination.objects.create(**{**ARCHIVE, "is_active": True}, site=factories.site("Other clinic"))
    chosen = {"destination": Destination.objects.get().pk, "what": what}
    assert "Choose a destination" in clinician.post(f"/studies/{study.pk}/sending/", chosen).content.decode()
    assert not Delivery.objects.exists()


def test_results_are_offered_where_there_are_some(clinician: Client, study: Study) -> None:
    archive = Destination.objects.create(**{**ARCHIVE, "is_active": True})
    address = f"/studies/{study.pk}/sending/"
    assert "Its results" not in clinician.get(address).content.decode()
    nothing = clinician.post(address, {"destination": archive.pk, "what": "results"}).content.decode()
    assert "This study has no results yet." in nothing
    run_answered(study.series.get())
    assert work_due(RESULTS) == 1
    assert "Its results" in clinician.get(address).content.decode()


@pytest.mark.parametrize("where", ["network", "study"])
def test_a_dead_letter_is_seen_and_sent_again(admin: Client, study: Study, where: str) -> None:
    with node(answers=lambda _taken: 0xC123) as peer:
        delivery = carried(asked(study, pacs(peer)))
    seen = admin.get("/network/" if where == "network" else f"/studies/{study.pk}/sending/").content.decode()
    assert ("Retry" in seen, "3 refused" in seen) == (True, True)
    answer = admin.post(f"/deliveries/{delivery.pk}/retry/", {"from": where})
    assert answer.headers["Location"] == ("/network/" if where == "network" else f"/studies/{study.pk}/")
    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.WAITING


def test_who_sent_last_is_listed(admin: Client) -> None:
    sender_activity.record_sender(name="DICOM CT01", address="10.0.0.7")
    page = admin.get("/network/").content.decode()
    assert "DICOM CT01" in page
    assert "<time datetime=" in page
