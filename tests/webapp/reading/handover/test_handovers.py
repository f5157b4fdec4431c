"""The end of a shift: what is open is kept as it was, and the next reader accepts it, once."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.webapp import factories
from tests.webapp.conftest import signed_in
from tests.webapp.refusals import refused
from webapp.foundation.accounts.models import User
from webapp.foundation.audit.models import AuditEvent
from webapp.imaging.archive.models import Study
from webapp.imaging.inference.models import Run
from webapp.reading.critical_results.services import critical_notify, critical_open
from webapp.reading.handover.models import Handover, HandoverLine
from webapp.reading.handover.selectors import current_items, handover_groups, handovers_waiting
from webapp.reading.handover.services import NotAcceptedError, handover_accept, handover_create
from webapp.reading.reporting.models import Report
from webapp.reading.worklist.models import Priority, ReadingTask
from webapp.reading.worklist.services import task_claim, task_finish, task_triage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]


@pytest.fixture
def anna() -> User:
    return factories.clinician("anna")


@pytest.fixture
def ben() -> User:
    return factories.clinician("ben")


def stat(anna: User) -> Study:
    """A STAT study that nobody has read."""
    study = factories.study(patient=factories.patient("Muster^Max"))
    task_triage(task=study.task, priority=Priority.STAT, reason="trauma", user=anna)
    return study


def open_sentences() -> list[tuple[str, str]]:
    return [(one.kind.name, one.item.sentence) for one in current_items(factories.site())]


def settled_by_kind(handover: Handover) -> dict[str, list[bool | None]]:
    return {group.kind.name: [line.is_settled for line in group.lines] for group in handover_groups(handover)}


def test_nothing_is_left_open_where_all_is_read() -> None:
    factories.study()  # routine, waiting: no matter of a hand-over
    assert open_sentences() == []


def test_it_tells_unread_stat_claims_criticals_and_outages(anna: User) -> None:
    study = stat(anna)
    task_claim(task=factories.study().task, user=anna)
    critical_open(study=study, sentence="Bleeding", user=anna)
    Report.objects.create(study=study, author=anna, template="general", template_version="1", updated_at=timezone.now())
    factories.run_of(factories.series_of(study), state=Run.State.QUARANTINED)
    late = factories.series_of(factories.study())
    factories.run_of(late, state=Run.State.QUEUED, at=timezone.now() - timedelta(minutes=40))
    kinds = [kind for kind, _sentence in open_sentences()]
    assert kinds == ["critical", "stat", "draft", "held", "outage", "outage"]
    sentences = " ".join(sentence for _kind, sentence in open_sentences())
    for words in (
        "nobody notified",
        "anna changed it last",
        "anna is reading it; their claim ends at",
        "Analyses wait since",
        "analysis of a series failed",
    ):
        assert words in sentences


def test_another_sites_are_not_told(anna: User) -> None:
    elsewhere = factories.study(at=factories.site("Other clinic"))
    ReadingTask.objects.filter(study=elsewhere).update(priority=Priority.STAT)
    critical_open(study=elsewhere, sentence="Bleeding", user=anna)
    assert open_sentences() == []


def test_it_is_kept_as_it_was_and_names_no_patient(anna: User, ben: User) -> None:
    study = stat(anna)
    made = handover_create(user=anna, note="The CT is slow today.")
    before = list(HandoverLine.objects.values())
    task_finish(task=task_claim(task=study.task, user=ben), user=ben)
    assert list(HandoverLine.objects.values()) == before
    assert "Muster" not in str(before)
    assert (made.note, made.site) == ("The CT is slow today.", anna.site)


def test_each_line_says_whether_it_is_settled_since(anna: User, ben: User) -> None:
    study = stat(anna)
    critical = critical_open(study=study, sentence="Bleeding", user=anna)
    task_claim(task=study.task, user=anna)
    made = handover_create(user=anna, note="")
    assert settled_by_kind(made) == {"critical": [False], "stat": [False], "held": [False]}
    critical_notify(critical=critical, recipient="Dr Weiss", how="phone", read_back=True, user=ben)
    task_finish(task=study.task, user=anna)
    assert settled_by_kind(made) == {"critical": [True], "stat": [True], "held": [True]}


def test_it_is_accepted_once_and_never_by_who_handed_it_over(anna: User, ben: User) -> None:
    made = handover_create(user=anna, note="")
    with refused("own-handover", NotAcceptedError):
        handover_accept(handover=made, user=anna)
    handover_accept(handover=made, user=ben)
    with refused("accepted-already", NotAcceptedError):
        handover_accept(handover=made, user=factories.clinician("carla"))
    made.refresh_from_db()
    assert made.accepted_by == ben
    assert made.accepted_at is not None
    trail = AuditEvent.objects.filter(code__in=["110100 shift handed over", "110100 hand-over accepted"])
    assert list(trail.order_by("pk").values_list("actor", flat=True)) == ["anna", "ben"]


def test_it_waits_for_the_readers_of_its_site(anna: User, ben: User) -> None:
    made = handover_create(user=anna, note="")
    assert handovers_waiting(ben) == [made]
    others = (anna, factories.auditor(), factories.clinician("stranger", at=factories.site("Other clinic")))
    assert [handovers_waiting(other) for other in others] == [[], [], []]
    handover_accept(handover=made, user=ben)
    assert handovers_waiting(ben) == []


def test_one_hands_over_on_a_page_and_the_next_accepts_it(anna: User, ben: User) -> None:
    study = stat(anna)
    before, after = signed_in(anna.get_username()), signed_in(ben.get_username())
    assert "Waiting since" in before.get("/hand-over/").content.decode()
    answer = before.post("/hand-over/make/", {"note": "Quiet."}, follow=True)
    assert "Awaiting the next reader" in answer.content.decode()
    assert "Hand-over from <b>anna</b>" not in before.get("/").content.decode()
    made = Handover.objects.get()
    assert "Hand-over from <b>anna</b>" in after.get("/").content.decode()
    page = after.get(f"/hand-over/{made.pk}/").content.decode()
    for words in ("Muster, Max", f"/studies/{study.pk}/", "Still open", "Quiet.", 'id="accept"'):
        assert words in page
    assert "Accepted by <b>ben</b>" in after.post(f"/hand-over/{made.pk}/accept/", follow=True).content.decode()
    assert "Hand-over from" not in after.get("/hand-over/waiting/").content.decode()
    again = after.post(f"/hand-over/{made.pk}/accept/", follow=True)
    assert "ben has already accepted this hand-over" in again.content.decode()


def test_who_belongs_to_no_site_is_told_so(client: Client) -> None:
    client.force_login(
        User.objects.create(username="homeless-admin", role="admin"), "django.contrib.auth.backends.ModelBackend"
    )
    assert "belongs to no site" in client.post("/hand-over/make/", follow=True).content.decode()
