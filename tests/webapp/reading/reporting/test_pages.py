"""The pages of reports: saving as one types, signing into the next case, versions, the queue of discrepancies."""

from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse

from tests.webapp import factories
from tests.webapp.conftest import signed_in
from tests.webapp.reading.reporting.conftest import add_review, sign
from tests.webapp.refusals import codes_shown
from webapp.foundation.accounts.models import User
from webapp.foundation.audit.models import AuditEvent
from webapp.imaging.archive.models import Study
from webapp.reading.reporting.models import Discrepancy, Report
from webapp.reading.reporting.selectors import load_editor
from webapp.reading.reporting.services import ReportText, report_save
from webapp.reading.worklist.models import ReadingTask
from webapp.reading.worklist.services import task_release

pytestmark = pytest.mark.sqlite


@pytest.fixture
def browser(reader: User) -> Client:
    """The browser of who has the study in hand."""
    return signed_in(reader.get_username())


def fields(study: Study, user: User, **changed: Any) -> dict[str, Any]:
    """Return what the form posts."""
    form = load_editor(study=Study.objects.get(pk=study.pk), user=user)
    said = {f"section-{section['key']}": section["text"] for section in form.sections}
    rest = {"free_text": form.free_text, "is_abnormal": "", "template": form.template.name}
    return {**said, **rest, "edit": form.edit, "base": form.base, **changed}


def post(browser: Client, study: Study, what: str, sent: dict[str, Any]) -> Any:
    return browser.post(reverse(f"report-{what}", args=[study.pk]), sent)


def test_a_look_writes_nothing_and_shows_what_a_report_begins_with(study: Study, reader: User, browser: Client) -> None:
    add_review(study, reader, "agree", 1)
    page = browser.get(reverse("report", args=[study.pk])).content.decode()
    assert "Suspected brain tumour (slice 2)." in page
    assert "No changes yet" in page
    assert not Report.objects.exists()


def test_what_is_typed_is_saved_and_the_line_says_when(study: Study, reader: User, browser: Client) -> None:
    sent = fields(study, reader, **{"section-impression": "Normal.", "is_abnormal": "no"})
    answer = post(browser, study, "save", sent)
    assert answer.status_code == 200
    assert 'name="edit" value="1" hx-swap-oob="true"' in answer.content.decode()
    assert "Saved <time" in answer.content.decode()
    draft = Report.objects.get()
    assert (draft.sections[-1]["text"], draft.is_abnormal) == ("Normal.", False)
    assert "Draft of a report" in browser.get(reverse("study", args=[study.pk])).content.decode()


def test_a_stale_window_is_refused_and_shown_what_stands_there(study: Study, reader: User, browser: Client) -> None:
    sent = fields(study, reader)
    post(browser, study, "save", sent | {"section-impression": "Normal."})
    answer = post(browser, study, "save", sent | {"section-impression": "Fracture."})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Nothing was overwritten" in page
    assert "Normal." in page
    assert 'data-keep-mine="1"' in page
    assert Report.objects.get().sections[-1]["text"] == "Normal."


def test_a_save_without_its_number_and_one_that_is_too_long_are_refused_in_words(
    study: Study, reader: User, browser: Client
) -> None:
    assert post(browser, study, "save", {}).status_code == 400
    assert "page is incomplete" in post(browser, study, "fill", {}).content.decode()
    answer = post(browser, study, "save", fields(study, reader, free_text="x" * 20_001))
    assert (answer.status_code, codes_shown(answer)) == (409, ["too-long"])
    assert not Report.objects.exists()


def test_another_template_reloads_the_page(study: Study, reader: User, browser: Client) -> None:
    answer = post(browser, study, "save", fields(study, reader, template="us-breast", shown="ct-head"))
    assert answer.headers["HX-Refresh"] == "true"
    page = browser.get(reverse("report", args=[study.pk])).content.decode()
    assert "BI-RADS" in page
    assert "CT of head. 1 series" in page


def test_filling_again_is_asked_for_and_told(study: Study, reader: User, browser: Client) -> None:
    sent = fields(study, reader)
    add_review(study, reader, "agree", 1)
    page = post(browser, study, "fill", sent).content.decode()
    assert "1 line added, saved" in page
    assert "Suspected brain tumour (slice 2)." in page
    again = post(browser, study, "fill", fields(study, reader)).content.decode()
    assert "Nothing was missing" in again


def test_signing_the_final_report_opens_the_next_case(study: Study, reader: User, browser: Client) -> None:
    waiting = factories.series_of(factories.study(patient=factories.patient())).study
    sent = fields(study, reader, kind="final", password=factories.PASSWORD, **{"section-impression": "Normal."})
    answer = post(browser, study, "sign", sent)
    assert answer.headers["Location"] == reverse("study", args=[waiting.pk])
    assert ReadingTask.objects.get(study=study).state == ReadingTask.State.DONE
    assert ReadingTask.objects.get(study=waiting).assignee == reader
    page = browser.get(reverse("report", args=[study.pk])).content.decode()
    assert "I have read the images and answer for this report." in page
    assert "Write an addendum" in page


def test_a_wrong_password_keeps_the_text_and_asks_again(study: Study, reader: User, browser: Client) -> None:
    sent = fields(study, reader, kind="final", password="guess", **{"section-impression": "Normal."})
    answer = post(browser, study, "sign", sent)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "Wrong password" in page
    assert "Normal.</textarea>" in page
    assert "autofocus" in page
    assert "guess" not in page
    assert "Not saved" not in page


def test_signing_from_a_stale_window_shows_both_texts(study: Study, reader: User, browser: Client) -> None:
    sent = fields(study, reader, kind="final", password=factories.PASSWORD)
    post(browser, study, "save", sent | {"section-impression": "Normal."})
    page = post(browser, study, "sign", sent | {"section-impression": "Fracture."}).content.decode()
    assert "Normal.</textarea>" in page
    assert '<dd class="said">Fracture.</dd>' in page
    assert not Report.objects.filter(state="signed").exists()


def test_the_preliminary_report_stays_on_the_page_and_the_next_goes_on_from_it(
    study: Study, reader: User, browser: Client
) -> None:
    sent = fields(study, reader, kind="preliminary", password=factories.PASSWORD, **{"section-impression": "Mass?"})
    assert post(browser, study, "sign", sent).headers["Location"] == reverse("report", args=[study.pk])
    page = browser.get(reverse("report", args=[study.pk])).content.decode()
    assert "This continues the preliminary report" in page
    assert "Mass?</textarea>" in page


def test_a_superseded_version_says_by_what(
    study: Study, reader: User, browser: Client, request_of: HttpRequest
) -> None:
    sign(study, reader, request_of, impression="Normal.")
    sign(study, factories.clinician("other"), request_of, "addendum", addendum="Told the surgeon.")
    first = browser.get(reverse("report-version", args=[study.pk, 1])).content.decode()
    assert "Superseded by version 2 (addendum)" in first
    assert "Told the surgeon." not in first
    newest = browser.get(reverse("report", args=[study.pk])).content.decode()
    assert "Told the surgeon." in newest
    assert "Superseded by" not in newest
    assert browser.get(reverse("report-version", args=[study.pk, 3])).status_code == 404


def test_verifying_is_a_button_and_is_written_down(
    study: Study, reader: User, browser: Client, request_of: HttpRequest
) -> None:
    sign(study, reader, request_of, impression="Normal.")
    address = reverse("report-verify", args=[study.pk, 1])
    assert "The signature holds." in browser.post(address).content.decode()
    study.series.get().runs.update(cascade_digest="d" * 64)
    assert "not by the models that were signed for" in browser.post(address).content.decode()
    told = AuditEvent.objects.filter(code__contains="report verified").values_list("success", flat=True)
    assert list(told) == [True, False]


def test_a_colleague_sees_no_draft_and_is_told_who_signs(study: Study, reader: User) -> None:
    report_save(study=study, user=reader, text=ReportText({"impression": "Secret so far."}), edit=0)
    other = signed_in(factories.clinician("other").get_username())
    page = other.get(reverse("report", args=[study.pk])).content.decode()
    assert "Secret so far." not in page
    assert "This study is assigned to a colleague" in page
    task_release(task=study.task, user=reader)
    assert "Claim the study to sign." in other.get(reverse("report", args=[study.pk])).content.decode()


def test_the_queue_shows_what_is_open_and_the_bar_counts_it(
    study: Study, reader: User, browser: Client, admin: Client, request_of: HttpRequest
) -> None:
    assert "No signed report differs from the AI." in browser.get("/discrepancies/").content.decode()
    add_review(study, reader, "disagree", 1, reasons=["artefact"])
    sign(study, reader, request_of, impression="Normal.")
    page = browser.get("/discrepancies/").content.decode()
    assert "You signed this report; someone else must acknowledge this." in page
    assert 'aria-label="2 open"' in page
    first, second = Discrepancy.objects.all()
    answer = admin.post(reverse("discrepancy-acknowledge", args=[first.pk]), {"note": "Motion."}, follow=True)
    assert 'aria-label="1 open"' in answer.content.decode()
    assert "Motion." in admin.get("/discrepancies/?show=done").content.decode()
    assert "Motion." not in admin.get("/discrepancies/?show=open").content.decode()
    assert second.sentence in admin.get("/discrepancies/?direction=ai").content.decode()
    assert "Nothing matches" in admin.get("/discrepancies/?direction=report").content.decode()
    refused = browser.post(reverse("discrepancy-acknowledge", args=[second.pk]), {"note": "Mine."}, follow=True)
    assert "someone else must acknowledge" in refused.content.decode()
    assert Discrepancy.objects.filter(acknowledged_at=None).count() == 1


def test_a_stranger_sees_nothing_of_it(study: Study, reader: User, stranger: Client, request_of: HttpRequest) -> None:
    add_review(study, reader, "disagree", 1, reasons=["artefact"])
    sign(study, reader, request_of, impression="Normal.")
    assert "No signed report differs" in stranger.get("/discrepancies/").content.decode()
    address = reverse("discrepancy-acknowledge", args=[Discrepancy.objects.first().pk])  # type: ignore[union-attr]
    assert stranger.post(address, {"note": "Seen."}).status_code == 404
