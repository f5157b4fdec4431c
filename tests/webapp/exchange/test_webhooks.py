"""Others are told what happens: signed, once more where it failed, never where nothing may be sent."""

import json
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from celery.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from tests.phantoms import dicom
from tests.webapp import factories
from tests.webapp.webhook_receiver import Receiver, is_genuine, receiving
from webapp.exchange.webhooks.models import Happening, Notice, Subscription
from webapp.exchange.webhooks.services import NOTICE, notices_write
from webapp.exchange.webhooks.target_addresses import AddressRefusedError, target_of
from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.registry import kind_of
from webapp.foundation.outbox.services import claim, dispatch_due, fail, recover, work_due
from webapp.imaging.archive.ingest import ingest_file
from webapp.imaging.archive.models import Series, Study
from webapp.imaging.inference import services as runs
from workers import configuration

FAILURES_ALLOWED = 10
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """A receiver on this machine, which the setting allows."""
    settings.WEBHOOK_NETWORKS = [ip_network("127.0.0.0/8")]
    with receiving() as running:
        yield running


@pytest.fixture
def study() -> Study:
    """A study of somebody."""
    return factories.study(patient=factories.patient(), description="MRI head")


def subscribed(receiver: Receiver, *happenings: str, **fields: Any) -> Subscription:
    """Subscribe a receiver, to everything where nothing is named."""
    told = list(happenings or Happening.values)
    return Subscription.objects.create(**{"name": "RIS", "url": receiver.url, "happenings": told, **fields})


def due_now() -> None:
    """Let the time pass until what waits is due."""
    OutboxItem.objects.update(next_at=timezone.now() - timedelta(seconds=1))


def test_a_notice_is_signed_and_others_can_tell(receiver: Receiver, study: Study) -> None:
    subscription = subscribed(receiver)
    notices_write(happening="run.finished", study=study, run="4711")
    assert work_due(NOTICE) == 1
    ((headers, body),) = receiver.got
    assert is_genuine(headers, body, secret=subscription.secret, now=time.time())
    assert not is_genuine(headers, body, secret="another", now=time.time())
    assert not is_genuine(headers, body + b" ", secret=subscription.secret, now=time.time())
    assert not is_genuine(headers, body, secret=subscription.secret, now=time.time() + 600), "played again"
    told = json.loads(body)
    assert headers["readroom-event"] == told["id"] == str(Notice.objects.get().event)
    assert (told["type"], told["study"], told["run"]) == ("run.finished", str(study.pk), "4711")
    assert headers["host"] == f"127.0.0.1:{receiver.port}"
    assert Notice.objects.get().state == "sent"
    assert work_due(NOTICE) == 0


def test_what_happens_is_told_without_a_word_about_the_patient(receiver: Receiver, tmp_path: Path) -> None:
    subscribed(receiver)
    for number, ds in enumerate(dicom.series(2, StudyDescription="Kanarienvogel's head")):
        path = dicom.saved(ds, tmp_path / f"{number}.dcm")
        ingest_file(path=path, name="sent", user=factories.clinician(), request=None)
    series = Series.objects.get()
    run = runs.run_create(series=series)
    assert run is not None
    assert dispatch_due(kind_of(runs.ANALYSIS)) == 1
    assert fail(OutboxItem.objects.get(kind=runs.ANALYSIS), "Phantom trouble.", for_good=True)
    assert work_due(NOTICE) == 1
    assert work_due(NOTICE) == 1
    bodies = [json.loads(body) for _headers, body in receiver.got]
    assert [body["type"] for body in bodies] == ["study.received", "run.finished"]
    assert bodies[1]["series_instance_uid"] == series.series_instance_uid
    everything = b"".join(body + repr(headers).encode() for headers, body in receiver.got).lower()
    assert b"kanari" not in everything


def test_what_fails_is_tried_again_under_the_same_id_and_at_last_waits_for_a_person(
    receiver: Receiver, study: Study, admin: Client
) -> None:
    subscribed(receiver)
    receiver.answers = [500, 302, *[503] * FAILURES_ALLOWED]
    notices_write(happening="run.finished", study=study)
    pauses, said = [], []
    for _ in range(FAILURES_ALLOWED):
        assert work_due(NOTICE) == 1
        notice = Notice.objects.get()
        pauses.append(round((OutboxItem.objects.get().next_at - timezone.now()).total_seconds()))
        said.append(notice.said)
        assert work_due(NOTICE) == 0, "not before its time"
        due_now()
    assert pauses[:4] == [5, 10, 20, 40]
    assert said[:2] == ["Responded 500.", "Responded 302; redirections are not followed."]
    assert (notice.state, notice.said) == ("failed", "Failed 10 times. Responded 503.")
    assert work_due(NOTICE) == 0
    receiver.answers = [204]
    assert "Failed 10 times." in admin.get("/webhooks/").content.decode()
    admin.post(f"/webhooks/notices/{notice.pk}/retry/")
    assert work_due(NOTICE) == 1
    assert Notice.objects.get().state == "sent"
    assert len({headers["readroom-event"] for headers, _body in receiver.got}) == 1
    assert len(receiver.got) == FAILURES_ALLOWED + 1


def test_a_sender_that_died_is_followed_by_another_one(receiver: Receiver, study: Study) -> None:
    subscribed(receiver)
    notices_write(happening="run.finished", study=study)
    taken = claim(kind_of(NOTICE))
    assert taken is not None
    assert work_due(NOTICE) == 0
    OutboxItem.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert recover(kinds=[kind_of(NOTICE)]) == 1
    due_now()
    again = claim(kind_of(NOTICE))
    assert again is not None
    assert again.attempt == taken.attempt + 1


def test_only_what_was_asked_for_of_the_own_site_is_told(receiver: Receiver, study: Study) -> None:
    elsewhere = factories.site("Other clinic")
    subscribed(receiver, "report.signed")
    subscribed(receiver, name="elsewhere", site=elsewhere)
    subscribed(receiver, name="off", is_active=False)
    notices_write(happening="run.finished", study=study)
    assert not Notice.objects.exists()
    notices_write(happening="report.signed", study=study)
    assert [notice.subscription.name for notice in Notice.objects.all()] == ["RIS"]


def test_a_machine_that_is_not_there_is_told_of_in_plain_words(receiver: Receiver, study: Study) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        subscribed(receiver, url=f"http://127.0.0.1:{taken.getsockname()[1]}/")
        notices_write(happening="run.finished", study=study)
        work_due(NOTICE)
    assert Notice.objects.get().said == "It could not be reached (ConnectError)."


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://localhost/",
        "https://10.0.0.7/",
        "https://192.168.1.1/",
        "https://172.16.0.1:8443/",
        "https://169.254.169.254/latest/meta-data/",
        "https://0.0.0.0/",
        "https://[::1]/",
        "https://[fe80::1]/",
        "https://[fd00::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://224.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "http://8.8.8.8/",
        "ftp://8.8.8.8/",
        "file:///etc/passwd",
        "https://user:password@8.8.8.8/",
        "https://",
        "nonsense",
        "https://no-such-machine.invalid/",
    ],
)
def test_addresses_that_lead_inside_are_refused(url: str) -> None:
    with pytest.raises(AddressRefusedError):
        target_of(url)


def test_a_public_address_is_taken_and_an_allowed_network_too(settings: Settings) -> None:
    assert target_of("https://8.8.8.8:8443/told").address == "8.8.8.8"
    settings.WEBHOOK_NETWORKS = [ip_network("10.1.0.0/16")]
    assert target_of("http://10.1.2.3/").address == "10.1.2.3"
    with pytest.raises(AddressRefusedError):
        target_of("http://10.2.2.3/")


def test_a_mistyped_network_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READROOM_WEBHOOK_NETWORKS", "10.1.0.0/16, 10.2")
    with pytest.raises(ImproperlyConfigured, match="READROOM_WEBHOOK_NETWORKS must name networks"):
        configuration.networks("READROOM_WEBHOOK_NETWORKS")


def test_a_name_that_leads_inside_by_now_is_not_called(receiver: Receiver, study: Study, settings: Settings) -> None:
    subscribed(receiver)
    notices_write(happening="run.finished", study=study)
    settings.WEBHOOK_NETWORKS = []
    work_due(NOTICE)
    assert receiver.got == []
    assert "not a public one" in Notice.objects.get().said


def test_the_page_makes_a_webhook_and_shows_its_secret_once(receiver: Receiver, admin: Client) -> None:
    told = {"name": "RIS", "url": receiver.url, "happenings": ["run.finished"]}
    made = admin.post("/webhooks/", told).content.decode()
    subscription = Subscription.objects.get()
    assert subscription.secret in made
    assert subscription.secret not in admin.get("/webhooks/").content.decode()
    wrong = admin.post("/webhooks/", {**told, "url": "https://192.168.1.1/"})
    assert wrong.status_code == 400
    assert "not a public one" in wrong.content.decode()
    assert "A webhook of that name exists already." in wrong.content.decode()
    renewed = admin.post(f"/webhooks/{subscription.pk}/", {"what": "secret"}).content.decode()
    again = Subscription.objects.get()
    assert again.secret != subscription.secret
    assert again.secret in renewed
    admin.post(f"/webhooks/{subscription.pk}/", {"what": "off"})
    assert not Subscription.objects.get().is_active


def test_the_command_prints_the_secret(receiver: Receiver, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("webhook_add", "RIS", receiver.url, "--of", "run.finished")
    subscription = Subscription.objects.get()
    assert capsys.readouterr().out.strip() == subscription.secret
    assert subscription.happenings == ["run.finished"]
    with pytest.raises(CommandError, match="not a public one"):
        call_command("webhook_add", "Inside", "https://192.168.0.1/")
