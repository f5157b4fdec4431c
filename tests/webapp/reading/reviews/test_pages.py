"""The study page and the viewer where readers say what they think of findings."""

import numpy as np
import pytest
from django.test import Client

from tests.webapp import factories
from tests.webapp.refusals import codes_shown
from webapp.foundation.accounts.models import User
from webapp.imaging.annotations.models import Annotation
from webapp.imaging.archive.models import Instance, Study
from webapp.imaging.inference.models import Finding
from webapp.reading.reviews.models import Read, Review
from webapp.reading.worklist.models import ReadingTask, SiteSettings
from webapp.reading.worklist.services import task_claim

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite, pytest.mark.usefixtures("data_folder")]


@pytest.fixture
def finding() -> Finding:
    """A finding of a study that the clinician has in hand."""
    series = factories.series_of(factories.study(patient=factories.patient()), modality="CT")
    image = factories.slice_instance(series=series, pixels=np.zeros((8, 8), np.uint8), position=0.0)
    run = factories.run_of(series, outcome="findings", urgency=3, urgency_reason="Suspected brain tumour")
    factories.stage(run, "tumour-boxes", "Tumours", model="tumour-detector", threshold=0.35)
    task_claim(task=series.study.task, user=factories.clinician())
    return factories.finding(run, instance=image)


def study_of(finding: Finding) -> Study:
    return finding.run.series.study


def let_site_read_first(study: Study) -> None:
    SiteSettings.objects.update_or_create(site=study.site, defaults={"read_first": True})


def test_what_is_said_is_shown_with_its_finding(clinician: Client, finding: Finding) -> None:
    address = f"/studies/{study_of(finding).pk}/reviews/"
    given = {"finding": finding.pk, "says": "disagree", "reasons": ["artefact", "normal"], "comment": "Motion"}
    answer = clinician.post(address, given)
    assert "Disagreed: Artefact, Normal anatomy. Motion" in answer.content.decode()
    page = clinician.get(f"/studies/{study_of(finding).pk}/").content.decode()
    assert "Disagreed: Artefact, Normal anatomy. Motion" in page


def test_a_refusal_is_said_beside_the_finding(clinician: Client, finding: Finding) -> None:
    address = f"/studies/{study_of(finding).pk}/reviews/"
    answer = clinician.post(address, {"finding": finding.pk, "says": "disagree"})
    assert codes_shown(answer) == ["no-reason"]
    ReadingTask.objects.update(assignee=factories.clinician("other"))
    answer = clinician.post(address, {"finding": finding.pk, "says": "agree"})
    assert codes_shown(answer) == ["not-assigned"]
    assert not Review.objects.exists()


@pytest.mark.parametrize(("named", "status"), [("", 400), ("x", 400), ("0", 404)])
def test_a_finding_of_another_study_is_not_found(clinician: Client, finding: Finding, named: str, status: int) -> None:
    answer = clinician.post(f"/studies/{study_of(finding).pk}/reviews/", {"finding": named, "says": "agree"})
    assert answer.status_code == status


def test_a_site_that_reads_first_shows_no_answer_before_the_reader_has_committed(
    clinician: Client, finding: Finding
) -> None:
    study = study_of(finding)
    let_site_read_first(study)
    told = [f"/studies/{study.pk}/", f"/studies/{study.pk}/answer/", f"/api/studies/{study.pk}/viewer/"]
    for address in told:
        page = clinician.get(address).content.decode()
        assert "Suspected brain tumour" not in page
        assert "tumour-detector" not in page
    assert "Commit and show the AI" in clinician.get(told[0]).content.decode()
    refused = clinician.post(f"/studies/{study.pk}/commit/", {"impression": "Mass"}, follow=True)
    assert codes_shown(refused) == ["no-impression"]
    page = clinician.post(
        f"/studies/{study.pk}/commit/", {"call": "abnormal", "impression": "Mass, left"}, follow=True
    ).content.decode()
    assert "Suspected brain tumour" in page
    assert "Before the AI: abnormal. Mass, left" in page
    assert "Suspected brain tumour" in clinician.get(told[2]).content.decode()
    assert Read.objects.get().impression == "Mass, left"


def test_the_list_of_a_site_that_reads_first_says_that_the_ai_raised_a_case_and_no_more(
    clinician: Client, finding: Finding
) -> None:
    run = finding.run
    run.events.create(event="finish", from_state="running", to_state="done", attempt=1)
    assert "Suspected brain tumour" in clinician.get("/").content.decode()
    let_site_read_first(study_of(finding))
    page = clinician.get("/").content.decode()
    assert "Suspected brain tumour" not in page
    assert "Raised by the AI" in page


def test_the_viewer_says_what_the_ai_missed(clinician: Client, finding: Finding) -> None:
    study = study_of(finding)
    box = factories.mark(
        Instance.objects.get(), author=User.objects.get(username="clinician"), kind=Annotation.Kind.BOX
    )
    address = f"/api/studies/{study.pk}/reviews/"
    given = {"says": "missed", "mark": str(box.mark_id), "label_title": "Fracture"}
    answer = clinician.post(address, given, content_type="application/json")
    assert (answer.status_code, answer.json()["label"]) == (201, "Fracture")
    assert [row["mark"] for row in clinician.get(address).json()] == [str(box.mark_id)]
    assert "Missed by AI: Fracture" in clinician.get(f"/studies/{study.pk}/").content.decode()
    given = {"says": "missed", "mark": str(box.mark_id)}
    refused = clinician.post(address, given, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (409, "no-label")


def test_of_two_readers_the_first_finishes_and_the_study_waits_for_the_second(
    clinician: Client, finding: Finding
) -> None:
    study = study_of(finding)
    assert "blinded to each other" in clinician.post(f"/studies/{study.pk}/two-readers/", follow=True).content.decode()
    findings_without_review = clinician.post(f"/studies/{study.pk}/finish/", follow=True)
    assert "1 of yours is still open" in findings_without_review.content.decode()
    clinician.post(f"/studies/{study.pk}/reviews/", {"finding": finding.pk, "says": "agree"})
    done = clinician.post(f"/studies/{study.pk}/finish/", follow=True)
    assert "Your read is saved: a second reader reads it." in done.content.decode()
    assert ReadingTask.objects.get(study=study).state == ReadingTask.State.WAITING
