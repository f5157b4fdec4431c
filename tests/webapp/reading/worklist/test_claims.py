"""The pages around a task: whose it is, another priority, put back, taken over, read, and the next one."""

import pytest
from django.test import Client

from tests.webapp import factories
from tests.webapp.conftest import signed_in
from tests.webapp.refusals import codes_shown
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.models import AuditEvent
from webapp.imaging.archive.models import Study
from webapp.reading.worklist.models import Priority, ReadingTask, SiteSettings

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.usefixtures("data_folder")]


@pytest.fixture
def study() -> Study:
    """A study of the main clinic that arrived an hour ago."""
    made = factories.picture_series().study
    factories.arrived(made, minutes=60)
    return made


@pytest.fixture
def colleague() -> Client:
    return signed_in(factories.clinician("colleague").get_username())


def claimed(client: Client, study: Study, **words: str) -> str:
    return client.post(f"/studies/{study.pk}/claim/", words).content.decode()


def test_looking_changes_nothing_and_the_open_page_claims(clinician: Client, study: Study) -> None:
    page = clinician.get(f"/studies/{study.pk}/").content.decode()
    assert study.task.state == ReadingTask.State.WAITING
    assert f'hx-post="/studies/{study.pk}/claim/"' in page
    assert 'hx-trigger="load, every 60s"' in page
    assert "Assigned to you" in claimed(clinician, study)
    assert ReadingTask.objects.get(study=study).is_claimed


def test_another_reader_sees_who_has_it_and_takes_over_with_a_note(
    clinician: Client, colleague: Client, study: Study
) -> None:
    claimed(clinician, study)
    assert "<b>clinician</b> is reading this study" in claimed(colleague, study)
    assert "clinician is reading it" in colleague.get("/").content.decode()
    answer = colleague.post(f"/studies/{study.pk}/take-over/", {"note": " "}, follow=True)
    assert codes_shown(answer) == ["no-note"]
    colleague.post(f"/studies/{study.pk}/take-over/", {"note": "The surgeon waits."})
    assert "Assigned to you" in claimed(colleague, study)
    assert "<b>colleague</b> is reading" in claimed(clinician, study)


def test_an_administrator_looks_without_taking_and_takes_when_they_ask(admin: Client, study: Study) -> None:
    assert "Unassigned." in claimed(admin, study)
    assert "Assigned to you" in claimed(admin, study, asked="yes")


def test_read_opens_the_next_and_leaves_the_list(clinician: Client, study: Study) -> None:
    later = factories.picture_series().study
    claimed(clinician, study)
    answer = clinician.post(f"/studies/{study.pk}/finish/")
    assert answer.headers["Location"] == f"/studies/{later.pk}/"
    assert [row.study for row in clinician.get("/").context["rows"]] == [later]
    assert [row.study for row in clinician.get("/?show=read").context["rows"]] == [study]
    assert [row.study for row in clinician.get("/?show=mine").context["rows"]] == [later]
    assert "Read by <b>clinician</b>" in clinician.get(f"/studies/{study.pk}/").content.decode()


def test_what_is_not_in_hand_is_not_marked_as_read(clinician: Client, colleague: Client, study: Study) -> None:
    claimed(clinician, study)
    answer = colleague.post(f"/studies/{study.pk}/finish/", follow=True)
    assert codes_shown(answer) == ["not-assigned"]
    assert ReadingTask.objects.get(study=study).state == ReadingTask.State.CLAIMED


def test_put_back_lets_another_have_it(clinician: Client, colleague: Client, study: Study) -> None:
    claimed(clinician, study)
    assert clinician.post(f"/studies/{study.pk}/release/").headers["Location"] == "/"
    assert "Assigned to you" in claimed(colleague, study)


def test_the_next_case_is_the_first_of_the_list(clinician: Client, study: Study) -> None:
    urgent = factories.picture_series()
    factories.run_of(urgent, outcome="findings", urgency=3, urgency_reason="Suspected")
    assert clinician.post("/next-case/").headers["Location"] == f"/studies/{urgent.study_id}/"
    assert clinician.post("/next-case/").headers["Location"] == f"/studies/{study.pk}/"
    answer = clinician.post("/next-case/", follow=True)
    assert "Nothing is waiting to be read." in answer.content.decode()


def test_a_priority_is_given_with_a_reason_and_shown_with_it(clinician: Client, study: Study) -> None:
    address = f"/studies/{study.pk}/triage/"
    for words, refusal in (({"priority": "0"}, "Give the reason"), ({"reason": "fall"}, "Choose a priority.")):
        assert refusal in clinician.post(address, words, follow=True).content.decode()
    answer = clinician.post(address, {"priority": "0", "reason": "Fell from a ladder", "back": "/?show=mine"})
    assert answer.headers["Location"] == "/?show=mine"
    page = clinician.get("/").content.decode()
    assert "STAT" in page
    assert "Fell from a ladder" in page
    assert ReadingTask.objects.get(study=study).priority == Priority.STAT
    assert clinician.get("/").context["rows"][0].waiting.level == "overdue"


def test_after_a_triage_nobody_is_sent_to_another_house(clinician: Client, study: Study) -> None:
    words = {"priority": "1", "reason": "fever", "back": "https://elsewhere.example/"}
    assert clinician.post(f"/studies/{study.pk}/triage/", words).headers["Location"] == "/"


def test_a_senior_reader_says_how_the_own_site_reads() -> None:
    site, senior = factories.site(), signed_in(factories.senior().get_username())
    page = senior.get("/reading-rules/").content.decode()
    assert f"Reading rules of {site}" in page
    rules: dict[str, object] = {"stat_minutes": 15, "urgent_minutes": 60, "routine_minutes": 600, "claim_minutes": 10}
    rules |= {"read_first": "on", "least_overlap": "0.7", "two_readers_for": ["breast"], "critical_minutes": 30}
    rules["least_dice"] = "0.8"
    kept = senior.post(f"/reading-rules/{site.pk}/", rules, follow=True)
    assert "Saved. In force from now on." in kept.content.decode()
    row = SiteSettings.objects.get(site=site)
    assert row.least_dice == 0.8
    assert (row.stat_minutes, row.read_first, row.least_overlap, row.two_readers_for) == (15, True, 0.7, ["breast"])
    wrong = senior.post(f"/reading-rules/{site.pk}/", rules | {"least_overlap": "7"})
    assert "An overlap lies between 0 and 1." in wrong.content.decode()
    assert AuditEvent.objects.get(code=Code.RULES_CHANGED).actor == "senior"
