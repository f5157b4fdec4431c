"""A study whose report is signed and differs from the AI, for screenshots and for eyes."""

from datetime import date

from django.http import HttpRequest

from tests.webapp import factories
from tests.webapp.scenes import pictures as drawn
from webapp.foundation.accounts.models import User
from webapp.imaging.archive.models import Study
from webapp.reading.reporting.selectors import load_editor
from webapp.reading.reporting.services import ReportText, report_sign
from webapp.reading.reviews.selectors import findings_to_review
from webapp.reading.reviews.services import ReviewInput, review_finding
from webapp.reading.worklist.services import task_claim


def reported() -> None:
    """Let a colleague read a study, disagree with the AI once, find more, sign, and add something."""
    study = _answered()
    colleague = factories.clinician("moreau", at=study.site)
    User.objects.filter(pk=colleague.pk).update(first_name="Claire", last_name="Moreau")
    colleague = User.objects.get(pk=colleague.pk)
    task_claim(task=study.task, user=colleague)
    first, second = findings_to_review(study)
    review_finding(study=study, user=colleague, review=ReviewInput("agree", finding=first.pk))
    review_finding(study=study, user=colleague, review=ReviewInput("disagree", finding=second.pk, reasons=["artefact"]))
    image = study.series.get().instances.all()[3]
    size = {"figures": {"length": 11.4}, "unit": "mm"}
    node = factories.mark(image, author=colleague, points=[[30.0, 40.0], [52.0, 61.0]], text="Node", **size)  # type: ignore[arg-type]
    review_finding(
        study=study, user=colleague, review=ReviewInput("missed", mark=node.mark_id, label_title="Enlarged node")
    )
    _signed(study, colleague, "final", impression="Mass in the left hemisphere, enlarged node behind it.")
    _signed(study, colleague, "addendum", addendum="Told Dr Brandt on the ward by telephone at 14:20.")


def _answered() -> Study:
    study = factories.study(
        patient=factories.patient("Signum^Sigrid", birth_date=date(1958, 7, 2)),
        study_date=date(2026, 11, 24),
        description="MRI head with contrast",
        accession_number="A-3107",
    )
    series = factories.series_of(study, modality="MR", series_number=4, description="t1 tra", body_part="BRAIN")
    slices = [
        factories.slice_instance(series=series, pixels=drawn.brain(height=0.3 + number / 20), position=3.0 * number)
        for number in range(6)
    ]
    run = factories.run_of(
        series, outcome="findings", modality="MR", region="brain", pathways=["general", "mri", "mri-brain"]
    )
    factories.stage(run, "tumour-boxes", "Tumour detector", model="tumour-detector", version="3")
    factories.finding(run, instance=slices[2], index=2, first_slice=1, last_slice=3)
    factories.finding(run, instance=slices[4], index=4, probability=0.41)
    return study


def _signed(study: Study, user: User, kind: str, **texts: str) -> None:
    fresh, request = Study.objects.get(pk=study.pk), HttpRequest()
    request.META = {"REMOTE_ADDR": "127.0.0.1", "HTTP_USER_AGENT": "scene"}
    request.path = "/"
    form = load_editor(study=fresh, user=user)
    said = {section["key"]: section["text"] for section in form.sections} | texts
    report_sign(
        study=fresh,
        user=user,
        kind=kind,
        password=factories.PASSWORD,
        text=ReportText(said, "", is_abnormal=True, template=form.template.name),
        edit=form.edit,
        base=form.base,
        request=request,
    )
