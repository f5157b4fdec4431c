"""A critical result: recorded once, told to people who read it back, shown until they did."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.webapp import factories
from tests.webapp.conftest import signed_in
from tests.webapp.refusals import codes_shown, refused
from webapp.administration.operations.steps import urgent_steps
from webapp.exchange.webhooks.models import Notice, Subscription
from webapp.foundation.accounts.models import User
from webapp.foundation.audit.models import AuditEvent
from webapp.foundation.core.steps import look_once
from webapp.imaging.archive.models import Study
from webapp.reading.critical_results import services
from webapp.reading.critical_results.handover_items import critical_items
from webapp.reading.critical_results.models import CriticalResult, Escalation, Notification, State
from webapp.reading.critical_results.selectors import criticals_list, criticals_of, overdue
from webapp.reading.critical_results.services import critical_notify, critical_open, critical_withdraw, escalate_overdue
from webapp.reading.worklist.models import ReadingTask, SiteSettings

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]


@pytest.fixture
def reader() -> User:
    return factories.clinician("anna")


@pytest.fixture
def study() -> Study:
    return factories.study(patient=factories.patient(), description="CT head")


def record_critical(study: Study, reader: User, *, minutes: float = 0) -> CriticalResult:
    """Record a critical result so long ago."""
    made = critical_open(study=study, sentence="Subdural haematoma with midline shift.", user=reader)
    CriticalResult.objects.filter(pk=made.pk).update(opened_at=timezone.now() - timedelta(minutes=minutes))
    return made


def notify(critical: CriticalResult, reader: User, *, read_back: bool) -> Notification:
    return critical_notify(
        critical=critical, recipient="Dr Weiss, surgeon", how="phone", read_back=read_back, user=reader
    )


def test_it_is_open_until_somebody_was_told_and_settled_when_they_read_it_back(study: Study, reader: User) -> None:
    critical = record_critical(study, reader)
    states = [criticals_of(study)[0].state]
    for read_back in (False, True):
        notify(critical, reader, read_back=read_back)
        states.append(criticals_of(study)[0].state)
    assert states == [State.OPEN, State.NOTIFIED, State.ACKNOWLEDGED]
    # Told once more without an answer: what was read back stays read back.
    notify(critical, reader, read_back=False)
    assert criticals_of(study)[0].state == State.ACKNOWLEDGED


def test_rows_are_added_and_none_is_changed(study: Study, reader: User) -> None:
    critical = record_critical(study, reader)
    first = notify(critical, reader, read_back=False)
    before = (CriticalResult.objects.values().get(), Notification.objects.values().get(pk=first.pk))
    notify(critical, reader, read_back=True)
    assert (CriticalResult.objects.values().get(), Notification.objects.values().get(pk=first.pk)) == before


def test_a_second_click_records_nothing_twice(study: Study, reader: User) -> None:
    assert record_critical(study, reader) == record_critical(study, reader)
    assert CriticalResult.objects.count() == 1


def test_both_are_audited_without_a_word_of_the_patient(study: Study, reader: User) -> None:
    notify(record_critical(study, reader), reader, read_back=True)
    events = AuditEvent.objects.filter(code__contains="critical", study=study.pk, actor="anna").order_by("pk")
    details = [event.details.partition(": ")[2] for event in events]
    assert details == ["", "phone, read back"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"recipient": " "}, "nobody-notified"),
        ({"how": "pigeon"}, "no-channel"),
        ({"notified_at": timezone.now() + timedelta(hours=1)}, "time-in-future"),
    ],
)
def test_what_is_missing_is_asked_for(changes: dict[str, object], code: str, study: Study, reader: User) -> None:
    given = {"recipient": "Dr Weiss", "how": "phone", "read_back": True, **changes}
    with refused(code):
        critical_notify(critical=record_critical(study, reader), user=reader, **given)  # type: ignore[arg-type]
    with refused("no-sentence"):
        critical_open(study=study, sentence=" ", user=reader)


def test_a_finding_of_another_study_is_refused(study: Study, reader: User) -> None:
    series = factories.picture_series()
    finding = factories.finding(factories.run_of(series, outcome="findings"), instance=series.instances.get())
    with refused("no-such-finding"):
        critical_open(study=study, sentence="Bleeding", finding=finding, user=reader)


def test_the_list_has_what_is_open_first_and_its_age_beside_the_sites_target(study: Study, reader: User) -> None:
    SiteSettings.objects.create(site=study.site, critical_minutes=20)
    late, fresh, settled = (record_critical(factories.study(), reader, minutes=minutes) for minutes in (25, 16, 50))
    critical_notify(
        critical=settled,
        recipient="Dr Weiss",
        how="person",
        read_back=True,
        notified_at=timezone.now() - timedelta(minutes=40),
        user=reader,
    )
    left, done = criticals_list(reader)
    assert [(one.row, one.waiting.level) for one in left] == [(late, "overdue"), (fresh, "soon due")]
    assert [(one.row, one.waiting.minutes) for one in done] == [(settled, 10)]
    assert criticals_list(factories.clinician("stranger", at=factories.site("Other clinic"))) == ([], [])


def test_what_nobody_reads_back_in_time_is_escalated_once_and_others_are_told(study: Study, reader: User) -> None:
    SiteSettings.objects.create(site=study.site, critical_minutes=20)
    Subscription.objects.create(name="RIS", url="https://ris.example/", happenings=["critical.overdue"])
    late, fresh, settled, mistaken = (
        record_critical(factories.study(patient=factories.patient()), reader, minutes=minutes)
        for minutes in (20, 19, 50, 50)
    )
    notify(settled, reader, read_back=True)
    critical_withdraw(critical=mistaken, reason="Another patient.", user=reader)
    notify(late, reader, read_back=False)
    assert [escalate_overdue() for _ in range(2)] == [1, 0]
    escalation = Escalation.objects.get()
    assert (escalation.critical, escalation.target_minutes) == (late, 20)
    event = AuditEvent.objects.get(code__contains="overdue")
    assert (event.actor, event.study, event.details.partition(": ")[2]) == (
        "housekeeping",
        late.study_id,
        "not read back within 20 min",
    )
    notice = Notice.objects.get()
    late.refresh_from_db()
    assert notice.body == {
        "id": str(notice.event), "type": "critical.overdue", "at": notice.body["at"], "study": str(late.study_id),
        "study_instance_uid": late.study.study_instance_uid, "critical": str(late.pk),
        "recorded_at": late.opened_at.isoformat(), "target_minutes": "20",
    }  # fmt: skip
    CriticalResult.objects.filter(pk=fresh.pk).update(opened_at=timezone.now() - timedelta(hours=3, minutes=25))
    assert escalate_overdue() == 1


def test_housekeeping_looks_for_them(study: Study, reader: User) -> None:
    record_critical(study, reader, minutes=90)
    look_once(urgent_steps())
    assert Escalation.objects.get().critical.study == study


def test_what_is_read_back_while_it_is_looked_at_is_not_escalated(
    study: Study, reader: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    critical = record_critical(study, reader, minutes=90)
    seen = overdue(CriticalResult.objects.all())
    notify(critical, reader, read_back=True)
    monkeypatch.setattr(services, "overdue", lambda _rows: seen)
    assert (escalate_overdue(), Escalation.objects.count()) == (0, 0)


def test_what_is_overdue_is_said_on_the_page_in_the_bar_of_who_answers_for_it_and_in_the_hand_over(
    study: Study, reader: User, clinician: Client
) -> None:
    SiteSettings.objects.create(site=study.site, critical_minutes=20)
    critical = record_critical(study, reader, minutes=105)
    record_critical(factories.study(patient=factories.patient()), reader, minutes=5)
    escalate_overdue()
    text = " ".join(clinician.get("/critical-results/").content.decode().split())
    for said in ("1 critical result overdue.", "Overdue by 1 h 25 min", "105 min, target 20 min", "escalated"):
        assert said in text
    assert text.count('class="is-overdue"') == 1
    assert "Overdue by 1 h 25 min" in clinician.get(f"/studies/{study.pk}/").content.decode()
    factories.senior()
    count = 'aria-label="1 overdue"'
    pages = {name: signed_in(name).get("/upload/").content.decode() for name in ("senior", "clinician")}
    assert [count in pages[name] for name in ("senior", "clinician")] == [True, False]
    factories.senior("elsewhere", at=factories.site("Other clinic"))
    assert "overdue" not in signed_in("elsewhere").get("/upload/").content.decode()
    late, fresh = critical_items(study.site_id)
    assert late.sentence.endswith("nobody notified; overdue by 1 h 25 min (target 20 min).")
    assert "overdue" not in fresh.sentence
    notify(critical, reader, read_back=True)
    assert count not in signed_in("senior").get("/upload/").content.decode()
    settled = " ".join(clinician.get("/critical-results/").content.decode().split())
    assert "critical result overdue" not in settled
    assert "after 105 min, target 20 min" in settled


def test_the_study_page_records_it_and_who_was_told(clinician: Client, study: Study) -> None:
    page = f"/studies/{study.pk}/"
    assert "Record a critical result" in clinician.get(page).content.decode()
    refused_page = clinician.post(f"{page}critical-results/", {"sentence": ""}, headers={"HX-Request": "true"})
    assert codes_shown(refused_page) == ["no-sentence"]
    recorded = clinician.post(f"{page}critical-results/", {"sentence": "Bleeding"}, follow=True)
    assert "Bleeding" in recorded.content.decode()
    critical = CriticalResult.objects.get()
    words = {"told": "Dr Weiss, surgeon", "how": "phone", "ago": "7"}
    refused_page = clinician.post(f"/critical-results/{critical.pk}/notify/", words, follow=True)
    assert codes_shown(refused_page) == ["no-time"]
    words |= {"ago": "15", "read_back": "on"}
    notified = clinician.post(f"/critical-results/{critical.pk}/notify/", words, follow=True)
    assert "read back" in notified.content.decode()
    row = critical.notifications.get()
    assert row.read_back
    assert timezone.now() - row.notified_at >= timedelta(minutes=15)


def test_what_was_recorded_by_mistake_is_withdrawn_with_a_reason_and_stays(clinician: Client, study: Study) -> None:
    critical = record_critical(study, factories.clinician("bert"))
    address = f"/critical-results/{critical.pk}/withdraw/"
    assert (
        "Give the reason for the withdrawal." in clinician.post(address, {"reason": " "}, follow=True).content.decode()
    )
    for reason in ("Another patient.", "Sent twice."):
        assert (
            "Withdrawn: Another patient." in clinician.post(address, {"reason": reason}, follow=True).content.decode()
        )
    assert criticals_of(study)[0].state == State.WITHDRAWN
    left, settled = criticals_list(factories.clinician("bert"))
    assert (left, [one.row for one in settled]) == ([], [critical])
    assert not list(critical_items(study.site_id))
    assert AuditEvent.objects.filter(code__contains="withdrawn", study=study.pk).count() == 1
    # The same sentence is another result from now on.
    assert record_critical(study, factories.clinician("bert")) != critical


def test_what_the_ai_calls_critical_is_asked_for_until_it_is_recorded(clinician: Client, study: Study) -> None:
    ReadingTask.objects.filter(study=study).update(ai_urgency=3, ai_reason="Suspected haemorrhage, 91%")
    page = f"/studies/{study.pk}/"
    sentence = "The AI rates this critical: Suspected haemorrhage, 91%. No critical result is recorded."
    assert sentence in clinician.get(page).content.decode()
    critical_open(study=study, sentence="Bleeding", user=factories.clinician())
    assert sentence not in clinician.get(page).content.decode()


def test_where_a_site_reads_first_nothing_is_said_of_the_ai_before_the_reader_commits(clinician: Client) -> None:
    series = factories.picture_series()
    finding = factories.finding(factories.run_of(series, outcome="findings"), instance=series.instances.get())
    study = series.study
    ReadingTask.objects.filter(study=study).update(ai_urgency=3, ai_reason="Suspected brain tumour, 87%")
    critical_open(study=study, sentence="Mass effect.", finding=finding, user=factories.clinician("anna"))
    page = f"/studies/{study.pk}/critical-results/"
    assert "Suspected brain tumour" in clinician.get(page).content.decode()
    SiteSettings.objects.update_or_create(site=study.site, defaults={"read_first": True})
    veiled = clinician.get(page).content.decode()
    assert "Mass effect." in veiled
    assert "Suspected brain tumour" not in veiled


def test_the_worklist_marks_what_is_not_read_back(clinician: Client, study: Study, reader: User) -> None:
    version = clinician.get("/").context["version"]
    critical = record_critical(study, reader)
    news = clinician.get(f"/worklist/rows/?seen={version}")
    assert "Critical, not read back" in news.content.decode()
    notify(critical, reader, read_back=True)
    assert "Critical, not read back" not in clinician.get("/").content.decode()


def test_the_page_lists_them_and_an_auditor_only_looks(study: Study, reader: User, client: Client) -> None:
    record_critical(study, reader)
    client.force_login(factories.auditor(), backend="django.contrib.auth.backends.ModelBackend")
    assert "Subdural haematoma" in client.get("/critical-results/").content.decode()
    assert "Record notification" not in client.get(f"/studies/{study.pk}/critical-results/").content.decode()
