"""The account that is kept of deliveries: nothing is lost, nothing is repeated for ever, a person sees what waits."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pydicom.uid import ComprehensiveSRStorage

from tests.peers import node
from tests.webapp import factories
from tests.webapp.exchange.routing.conftest import asked, carried, pacs
from tests.webapp.imaging.dicom_objects.conftest import run_answered
from webapp.exchange.routing import services
from webapp.exchange.routing.models import Delivery, Destination
from webapp.exchange.routing.services import DELIVERY, NothingToSendError
from webapp.exchange.webhooks.models import Notice, Subscription
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.models import AuditEvent
from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.registry import kind_of
from webapp.foundation.outbox.services import STOPPED, claim, complete, fail, recover, stopping, work_due
from webapp.imaging.archive.models import Instance, Study
from webapp.imaging.dicom_objects.services import RESULTS

pytestmark = pytest.mark.both_databases

State = Delivery.State
FAILURES_ALLOWED = 10


@pytest.fixture
def nowhere(db: None) -> Destination:  # noqa: ARG001 - asks for the database
    """A destination where nobody is."""
    return Destination.objects.create(name="Nowhere", host="127.0.0.1", port=9, title="NOWHERE")


def due_now(**fields: object) -> None:
    """Let the time pass until what waits is due."""
    OutboxItem.objects.update(next_at=timezone.now() - timedelta(seconds=1), **fields)


def item() -> OutboxItem:
    """The work of the only delivery."""
    return OutboxItem.objects.get(kind=DELIVERY)


def failed(delivery: Delivery, *, trouble: str = "It does not answer.", progressed: bool = False) -> Delivery:
    """Let one attempt fail."""
    due_now()
    taken = claim(kind_of(DELIVERY))
    assert taken is not None
    assert taken.subject == str(delivery.pk)
    assert fail(taken, trouble, progressed=progressed)
    return Delivery.objects.get(pk=delivery.pk)


def test_of_two_that_claim_a_delivery_one_has_it(study: Study, nowhere: Destination) -> None:
    asked(study, nowhere)
    assert claim(kind_of(DELIVERY)) is not None
    assert claim(kind_of(DELIVERY)) is None


def test_after_too_many_failures_it_waits_for_a_person_who_can_send_again(study: Study, nowhere: Destination) -> None:
    delivery = asked(study, nowhere)
    for _ in range(FAILURES_ALLOWED - 1):
        delivery = failed(delivery)
        assert delivery.state == State.WAITING
        assert item().next_at > timezone.now()
    delivery = failed(delivery)
    assert (delivery.state, delivery.said) == (State.FAILED, "Failed 10 times. It does not answer.")
    assert AuditEvent.objects.latest("pk").details == "the study to Nowhere: Failed 10 times"
    due_now()
    assert claim(kind_of(DELIVERY)) is None
    assert services.delivery_retry(delivery=delivery, user=factories.admin())
    assert item().failures == 0
    assert claim(kind_of(DELIVERY)) == item()
    assert not services.delivery_retry(delivery=delivery, user=factories.admin()), "it is being sent"


def test_an_attempt_that_got_something_across_begins_the_count_anew(study: Study, nowhere: Destination) -> None:
    delivery = asked(study, nowhere)
    for _ in range(4):
        delivery = failed(delivery)
    failed(delivery, progressed=True)
    assert item().failures == 1


def test_what_a_dead_process_was_sending_is_taken_back_and_counted(study: Study, nowhere: Destination) -> None:
    delivery, kind = asked(study, nowhere), kind_of(DELIVERY)
    for died in range(1, FAILURES_ALLOWED + 1):
        due_now()
        assert claim(kind) is not None
        assert recover(kinds=[kind]) == 0, "its lease runs"
        due_now(lease_expires_at=timezone.now() - timedelta(seconds=1))
        assert recover(kinds=[kind]) == 1
        assert item().failures == died
    delivery.refresh_from_db()
    assert (delivery.state, item().attempt) == (State.FAILED, FAILURES_ALLOWED)
    assert recover(kinds=[kind]) == 0


def test_what_was_refused_is_sent_again_on_retry_and_what_was_taken_is_not(study: Study) -> None:
    answers = iter([0, 0xC123, 0, 0])
    with node(answers=lambda _taken: next(answers)) as peer:
        delivery = carried(asked(study, pacs(peer)))
        services.delivery_retry(delivery=delivery, user=factories.admin())
        assert carried(Delivery.objects.get()).state == State.SENT
    assert len(peer.uids) == len(set(peer.uids)) == 3


def test_a_stop_between_two_objects_leaves_the_rest_for_later_and_is_no_failure(study: Study) -> None:
    stopping.set()
    try:
        with node() as peer:
            delivery = carried(asked(study, pacs(peer)))
    finally:
        stopping.clear()
    assert (delivery.state, delivery.said) == (State.WAITING, STOPPED)
    assert (item().failures, item().next_at <= timezone.now()) == (0, True)
    assert len(services.objects_waiting(delivery)) == 2


def test_a_destination_that_is_off_keeps_what_waits_for_it(study: Study, nowhere: Destination) -> None:
    asked(study, nowhere)
    Destination.objects.update(is_active=False)
    assert claim(kind_of(DELIVERY)) is None
    assert services.destinations_open(study) == []
    Destination.objects.update(is_active=True)
    assert claim(kind_of(DELIVERY)) is not None


def test_one_delivery_at_a_time_to_each_destination_the_oldest_first(study: Study, nowhere: Destination) -> None:
    other = Destination.objects.create(name="Other", host="127.0.0.1", port=9, title="OTHER")
    first, second, third = asked(study, nowhere), asked(study, nowhere), asked(study, other)
    OutboxItem.objects.filter(subject=str(second.pk)).update(next_at=timezone.now() - timedelta(hours=1))
    taken = [claim(kind_of(DELIVERY)) for _ in range(3)]
    assert [one and one.subject for one in taken] == [str(second.pk), str(third.pk), None]
    assert taken[0] is not None
    complete(taken[0])
    after = claim(kind_of(DELIVERY))
    assert after is not None
    assert after.subject == str(first.pk)


def test_a_destination_of_another_site_takes_none_of_this_ones_studies(study: Study, nowhere: Destination) -> None:
    Destination.objects.update(site=factories.site("Other clinic"))
    assert services.destinations_open(study) == []
    Destination.objects.update(site=study.site)
    assert services.destinations_open(study) == [nowhere]


def test_a_study_that_holds_nothing_cannot_be_sent(nowhere: Destination) -> None:
    with pytest.raises(NothingToSendError, match="holds nothing"):
        asked(factories.study(), nowhere)


def test_each_study_that_leaves_is_audited_and_names_nobody(study: Study) -> None:
    with node() as peer:
        carried(asked(study, pacs(peer)))
    told = AuditEvent.objects.filter(study=study.pk, actor="sending").order_by("pk").values_list("code", "details")
    assert list(told) == [
        (Code.SENDING_ASKED, "the study to Archive: 3 objects"),
        (Code.SENDING_BEGUN, "the study to Archive: attempt 1"),
        (Code.SENT, "the study to Archive: 3 objects sent."),
    ]


def test_results_leave_by_themselves_together_and_once(study: Study) -> None:
    series = study.series.get()
    told = Subscription.objects.create(name="RIS", url="https://ris.example/", happenings=["result.filed"])
    with node(classes=[ComprehensiveSRStorage]) as peer:
        destination = pacs(peer, auto_forward_results=True)
        pacs(peer, name="Asks", auto_forward_results=False)
        with pytest.raises(NothingToSendError, match="no results yet"):
            asked(study, destination, Delivery.What.RESULTS)
        run_answered(series)
        assert work_due(RESULTS) == 1
        delivery = Delivery.objects.get()
        assert (delivery.destination, delivery.what, delivery.requested_by) == (
            destination,
            Delivery.What.RESULTS,
            None,
        )
        assert carried(delivery).state == State.SENT
        assert work_due(RESULTS) == 0
    made = set(Instance.objects.exclude(series=series).values_list("sop_instance_uid", flat=True))
    assert set(peer.uids) == made
    assert set(services.instances_of(study, what=Delivery.What.RESULTS)) == set(Instance.objects.exclude(series=series))
    notice = Notice.objects.get(subscription=told)
    of_results = {one.series_instance_uid for one in study.series.exclude(pk=series.pk)}
    assert set(notice.body["series_instance_uids"].split()) == of_results


def test_the_command_line_names_destinations_and_sends(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    with node() as peer:
        call_command("destinations", "Archive", "--host=127.0.0.1", f"--port={peer.port}", "--title=PACS")
        call_command("destinations", "Archive", "--echo")
        call_command("send", study.study_instance_uid, "Archive")
        carried(Delivery.objects.get())
    call_command("destinations", "Archive", "--results")
    call_command("destinations")
    told = capsys.readouterr().out
    assert "Archive answers." in told
    assert f"Archive\tc-store\tPACS@127.0.0.1:{peer.port}\t0 pending, 0 not sent" in told
    assert Destination.objects.get().auto_forward_results
    assert len(peer.uids) == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["destinations", "X", "--kind=stow"], "url: This field is required."),
        (["destinations", "X", "--kind=stow", "--url=https://me:secret@pacs/"], "No user name or password here"),
        (["destinations", "X", "--kind=stow", "--url=ftp://pacs/"], "begins with https://"),
        (["destinations", "X", "--host=a b", "--port=104", "--title=T"], "not a host name or address"),
        (["destinations", "X", "--host=pacs", "--port=104", "--title=A\\B"], "1 to 16 plain characters"),
        (["destinations", "X", "--host=pacs", "--title=T"], "port: This field is required."),
        (["destinations", "X", "--echo"], "There is no destination 'X'."),
        (["send", "1.2.3", "X"], "There is no destination 'X' in use."),
        (["send", "1.2.3", "Nowhere"], "There is no study of that StudyInstanceUID"),
    ],
)
@pytest.mark.usefixtures("nowhere")
def test_what_makes_no_sense_is_said_in_one_sentence(words: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said.replace("?", r"\?").replace(".", r"\.")):
        call_command(*words)
