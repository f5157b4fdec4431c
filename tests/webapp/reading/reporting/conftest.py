"""A study in which the AI points at two places, in a reader's hands."""

import numpy as np
import pytest
from django.http import HttpRequest
from django.test import RequestFactory

from tests.webapp import factories
from webapp.foundation.accounts.models import User
from webapp.imaging.annotations.models import Annotation
from webapp.imaging.archive.models import Instance, Study
from webapp.reading.reporting.models import Report
from webapp.reading.reporting.selectors import load_editor
from webapp.reading.reporting.services import ReportText, SigningResult, report_sign
from webapp.reading.reviews.models import Review
from webapp.reading.reviews.selectors import findings_to_review
from webapp.reading.reviews.services import ReviewInput, review_finding
from webapp.reading.worklist.services import task_claim

TUMOUR, BLEEDING = "Suspected brain tumour", "Suspected bleeding"


@pytest.fixture
def study(db: None, data_folder: object) -> Study:  # noqa: ARG001
    """A CT of three slices; the AI points at a tumour and a bleeding on the second."""
    made = factories.study(patient=factories.patient("Phantom^Petra"), description="CT head")
    series = factories.series_of(made, modality="CT", series_number=2, description="Head 5 mm", body_part="HEAD")
    slices = [
        factories.slice_instance(series=series, pixels=np.full((8, 8), number, np.uint8), position=float(number))
        for number in range(3)
    ]
    run = factories.run_of(
        series, outcome="findings", modality="CT", region="head", pathways=["general", "ct", "ct-head"]
    )
    factories.stage(run, "tumour-boxes", "Tumours", model="tumour-detector", version="2")
    for title in (TUMOUR, BLEEDING):
        factories.finding(run, instance=slices[1], index=1, label_title=title)
    return made


@pytest.fixture
def reader(study: Study) -> User:
    """Who has the study in hand."""
    user = factories.clinician()
    task_claim(task=study.task, user=user)
    return user


@pytest.fixture
def request_of() -> HttpRequest:
    """A request of their browser."""
    return RequestFactory().post("/", headers={"user-agent": "phantom"})


def images_of(study: Study) -> list[Instance]:
    return list(Instance.objects.filter(series__study=study))


def add_review(study: Study, user: User, says: str, number: int, **more: object) -> Review:
    """Say something of the finding of that number."""
    given = {"finding": findings_to_review(study)[number - 1].pk, **more}
    return review_finding(study=study, user=user, review=ReviewInput(says, **given))  # type: ignore[arg-type]


def add_missed_finding(study: Study, user: User, title: str) -> Review:
    """Draw a box on the last slice and say what the AI missed there."""
    box = factories.mark(images_of(study)[-1], author=user, kind=Annotation.Kind.BOX, points=[[1.0, 1.0], [4.0, 4.0]])
    return review_finding(study=study, user=user, review=ReviewInput("missed", mark=box.mark_id, label_title=title))


def sign(
    study: Study,
    user: User,
    request: HttpRequest,
    kind: str = Report.Kind.FINAL,
    *,
    password: str = factories.PASSWORD,
    **texts: str,
) -> SigningResult:
    """Sign what the form shows, with some sections said otherwise."""
    fresh = Study.objects.get(pk=study.pk)
    form = load_editor(study=fresh, user=user)
    said = {section["key"]: section["text"] for section in form.sections} | texts
    return report_sign(
        study=fresh,
        user=user,
        kind=kind,
        password=password,
        text=ReportText(said, form.free_text, form.is_abnormal, form.template.name),
        edit=form.edit,
        base=form.base,
        request=request,
    )
