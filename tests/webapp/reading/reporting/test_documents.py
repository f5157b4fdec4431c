"""A signed report leaves as PDF, as DICOM objects by a person, and as FHIR; others are told that it was signed."""

import io
from typing import Any

import highdicom as hd
import numpy as np
import pydicom
import pytest
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from pydicom.sr.codedict import codes
from pypdf import PdfReader

from tests.phantoms import geometry
from tests.webapp import factories
from tests.webapp.conftest import signed_in
from tests.webapp.exchange.fhir.test_resources import got
from tests.webapp.imaging.dicom_objects.conftest import Send, finding_outlined, read, run_answered, sent  # noqa: F401 - a fixture
from tests.webapp.reading.reporting.conftest import add_missed_finding, add_review, sign
from webapp.exchange.webhooks.models import Happening, Notice, Subscription
from webapp.foundation.accounts.models import User
from webapp.foundation.audit.models import AuditEvent
from webapp.foundation.outbox.services import work_due
from webapp.imaging.archive.models import Series, Study
from webapp.imaging.dicom_objects.models import ResultSeries, ResultSet
from webapp.imaging.inference.services import series_needing_run
from webapp.reading.reporting.models import Report, ReportObjects
from webapp.reading.reporting.pdf import render_pdf
from webapp.reading.reporting.selectors import newest_report
from webapp.reading.reporting.sr_person import HEADINGS, OTHER
from webapp.reading.reporting.storage import REPORT_OBJECTS
from webapp.reading.worklist.services import task_claim

pytestmark = pytest.mark.sqlite

CUT = geometry.Cut(shape=(2, 40, 48))


@pytest.fixture
def scanned(sent: Send) -> Study:  # noqa: F811
    """A study that came in by the intake; the AI points at two places of it, one outlined."""
    series = sent(geometry.single_frames(CUT))
    run = run_answered(series)
    finding_outlined(run, CUT.ball(radius=8))
    finding_outlined(run, CUT.ball(radius=4), outlined=False, label_title="Suspected bleeding", code="50960005")
    ResultSet.objects.all().delete()
    return series.study


@pytest.fixture
def signer(scanned: Study) -> User:
    """Who has it in hand."""
    user = factories.clinician()
    User.objects.filter(pk=user.pk).update(first_name="Claire", last_name="Moreau")
    task_claim(task=scanned.task, user=user)
    return User.objects.get(pk=user.pk)


def newest(study: Study) -> Report:
    report = newest_report(study)
    assert report is not None
    return report


def text_of(pdf: bytes) -> str:
    """Return the words of all pages, lines joined."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def objects_of(study: Study) -> dict[str, pydicom.FileDataset]:
    """Let housekeeping file the objects of the newest version, and read them by kind."""
    assert work_due(REPORT_OBJECTS) == 1
    made = ReportObjects.objects.get(report=newest(study))
    assert made.state == "done", made.reason
    return {row.kind: read(row.series.instances.get()) for row in made.series.all()}


def items(ds: Any, value_type: str) -> list[Any]:
    """Return all content items of a type, wherever they are nested."""
    found = [ds] if ds.get("ValueType") == value_type else []
    for item in ds.get("ContentSequence") or []:
        found += items(item, value_type)
    return found


def test_objects_of_a_signer_without_a_name_are_signed_by_their_login(
    scanned: Study, signer: User, request_of: HttpRequest
) -> None:
    User.objects.update(first_name="", last_name="")
    sign(scanned, User.objects.get(pk=signer.pk), request_of, impression="Normal.")
    names = [str(item.PersonName) for item in items(objects_of(scanned)["SR"], "PNAME")]
    assert names
    assert {name.rstrip("^") for name in names} == {"clinician"}


def test_the_pdf_says_what_was_signed_by_whom_and_how_many_pages_it_has(
    study: Study, reader: User, request_of: HttpRequest
) -> None:
    add_review(study, reader, "agree", 1)
    add_review(study, reader, "disagree", 2, reasons=["artefact"])
    long = "\n".join(f"Line {number} of many." for number in range(120))
    sign(study, reader, request_of, question="Headache <&>", impression=long)
    report = newest(study)
    told = text_of(render_pdf(report))
    for words in (
        "Research use, not for diagnosis", "Phantom, Petra", "Headache <&>", "Suspected brain tumour", "slice 2",
        "AI, agreed by the reader", "I have read the images and answer for this report.", report.signature.digest,
        "Page 1 of 4", "Page 4 of 4", "tumour-detector 2", "Line 119 of many.",
    ):  # fmt: skip
        assert words in told, words
    assert "bleeding" not in told
    assert "Superseded" not in told
    assert render_pdf(report) == render_pdf(report)


def test_names_of_other_scripts_are_drawn_or_written_as_numbers(
    study: Study, reader: User, request_of: HttpRequest
) -> None:
    sign(study, reader, request_of, impression="Łukasz: 正常")
    told = text_of(render_pdf(newest(study)))
    assert "正" not in told
    assert "[U+6B63]" in told
    assert "Łukasz" in told or "[U+0141]ukasz" in told


def test_fetching_the_pdf_is_written_down_and_a_superseded_one_says_so(
    study: Study, reader: User, request_of: HttpRequest
) -> None:
    sign(study, reader, request_of, impression="Normal.")
    sign(study, reader, request_of, "addendum", addendum="Told.")
    browser = signed_in(reader.get_username())
    first, second = (browser.get(reverse("report-pdf", args=[study.pk, number])) for number in (1, 2))
    assert first.headers["Content-Type"] == "application/pdf"
    assert "Superseded" in text_of(first.content)
    assert "Superseded" not in text_of(second.content)
    assert AuditEvent.objects.filter(code="110106 report downloaded").count() == 2


def test_the_structured_report_is_a_persons_and_holds_what_they_accept(
    scanned: Study, signer: User, request_of: HttpRequest
) -> None:
    add_review(scanned, signer, "agree", 1)
    add_review(scanned, signer, "disagree", 2, reasons=["artefact"])
    add_missed_finding(scanned, signer, "Fracture")
    sign(scanned, signer, request_of, impression="Tumour and fracture.\nNothing else.")
    ds = objects_of(scanned)["SR"]
    assert (ds.CompletionFlag, ds.VerificationFlag, ds.PreliminaryFlag) == ("COMPLETE", "VERIFIED", "FINAL")
    verified = ds.VerifyingObserverSequence[0]
    assert verified.VerifyingObserverName == "Moreau^Claire"
    assert ds.PatientID == scanned.patient.patient_id  # type: ignore[union-attr]
    document = hd.sr.ComprehensiveSR.from_dataset(ds)
    report = document.content
    assert isinstance(report, hd.sr.MeasurementReport)
    groups = report.get_planar_roi_measurement_groups() + report.get_volumetric_roi_measurement_groups()
    told = [group.finding_type.meaning for group in groups if group.finding_type]
    assert (sorted(told), len(groups)) == (["Fracture", "Neoplasm"], 2)
    observers = {(item.ConceptNameCodeSequence[0].CodeMeaning, str(item.PersonName)) for item in items(ds, "PNAME")}
    assert observers == {("Person Observer Name", "Moreau^Claire")}
    texts = {item.ConceptNameCodeSequence[0].CodeMeaning: item.TextValue for item in items(ds, "TEXT")}
    assert texts["Impression"] == "Tumour and fracture.\r\nNothing else."
    assert "bleeding" not in str(ds).lower()
    uids = {item.ReferencedSOPInstanceUID for item in _evidence(ds)}
    assert uids == set(newest(scanned).signature.digests["images"])


def _evidence(ds: pydicom.Dataset) -> list[pydicom.Dataset]:
    told = [
        *(ds.get("CurrentRequestedProcedureEvidenceSequence") or []),
        *(ds.get("PertinentOtherEvidenceSequence") or []),
    ]
    return [
        item for study in told for series in study.ReferencedSeriesSequence for item in series.ReferencedSOPSequence
    ]


def test_a_preliminary_report_is_followed_by_one_that_names_it(
    scanned: Study, signer: User, request_of: HttpRequest
) -> None:
    sign(scanned, signer, request_of, "preliminary", impression="So far normal.")
    first = objects_of(scanned)["SR"]
    assert first.PreliminaryFlag == "PRELIMINARY"
    sign(scanned, signer, request_of, impression="Normal.")
    second = objects_of(scanned)["SR"]
    before = second.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert before.ReferencedSOPInstanceUID == first.SOPInstanceUID
    assert hd.sr.ComprehensiveSR.from_dataset(second).content is not None


def test_measured_in_millimetres_it_has_a_unit_there_too(scanned: Study, signer: User, request_of: HttpRequest) -> None:
    verdict = add_missed_finding(scanned, signer, "Node")
    mark = verdict.mark
    assert mark is not None
    mark.version = 2
    mark.save()
    mark.versions.create(version=2, points=[[3.0, 3.0], [3.0, 9.0]], figures={"length": 6.0}, unit="mm")
    sign(scanned, signer, request_of, impression="Node.")
    report = hd.sr.ComprehensiveSR.from_dataset(objects_of(scanned)["SR"]).content
    assert isinstance(report, hd.sr.MeasurementReport)
    (group,) = report.get_planar_roi_measurement_groups()
    (length,) = group.get_measurements(codes.SCT.Length)
    assert (length.value, length.unit) == (6.0, codes.UCUM.Millimeter)
    assert group.roi is not None
    assert np.ptp(group.roi.value, axis=0).tolist() == [1.0, 6.0]


def test_the_document_is_the_pdf_and_nothing_of_ours_is_analysed(
    scanned: Study, signer: User, request_of: HttpRequest
) -> None:
    sign(scanned, signer, request_of, impression="Normal.")
    ds = objects_of(scanned)["DOC"]
    assert ds.SOPClassUID == "1.2.840.10008.5.1.4.1.1.104.1"
    content = ds.EncapsulatedDocument[: ds.EncapsulatedDocumentLength]
    assert "Normal." in text_of(content)
    Series.objects.update(analysis_requested_at=None)
    assert set(ResultSeries.objects.values_list("kind", flat=True)) == {"DOC", "SR"}
    assert not [one for one in series_needing_run(quiet_seconds=0) if hasattr(one, "result")]
    assert work_due(REPORT_OBJECTS) == 0
    events = AuditEvent.objects.filter(code="110104 results stored").values_list("details", flat=True)
    assert list(events) == ["report version 1: 2 objects (DOC, SR)"]


def test_pictures_without_a_header_have_no_study_to_file_into(request_of: HttpRequest, reader: User) -> None:
    study = factories.picture_series().study
    task_claim(task=study.task, user=reader)
    sign(study, reader, request_of, impression="Normal.")
    assert work_due(REPORT_OBJECTS) == 0
    made = ReportObjects.objects.get()
    assert made.state == "none"
    assert "without a DICOM header" in made.reason


def test_headings_are_codes_of_the_standard() -> None:
    for coded in [pair for both in (*HEADINGS.values(), OTHER) for pair in both]:
        assert any(
            getattr(codes.DCM, name).value == coded[0] and getattr(codes.DCM, name).meaning == coded[1]
            for name in codes.DCM.dir()
            if name.replace("_", "") == "".join(word.capitalize() for word in coded[1].split())
        ), coded


def test_fhir_tells_the_newest_version_under_one_id(
    study: Study, reader: User, request_of: HttpRequest, clinician: Client
) -> None:
    address = f"/fhir/DiagnosticReport/{study.pk}"
    assert clinician.get(address).status_code == 404
    add_review(study, reader, "agree", 1)
    told = []
    for kind, key in (("preliminary", "impression"), ("final", "impression"), ("addendum", "addendum")):
        sign(study, reader, request_of, kind, **{key: f"As {kind} <said>."})
        told.append(got(clinician, address))
    assert [one["status"] for one in told] == ["preliminary", "final", "amended"]
    final, amended = told[1:]
    assert final["conclusion"] == "As final <said>."
    assert amended["conclusion"] == "As final <said>.\nAs addendum <said>."
    assert "As final &lt;said&gt;." in amended["text"]["div"]
    assert final["resultsInterpreter"] == [{"type": "Practitioner", "display": "clinician"}]
    assert len(final["result"]) == 1
    form = final["presentedForm"][0]
    assert clinician.get(form["url"].removeprefix("http://testserver")).content.startswith(b"%PDF")
    bundle = got(clinician, f"/fhir/DiagnosticReport?imaging-study={study.pk}")
    assert [entry["resource"]["status"] for entry in bundle["entry"]] == ["preliminary", "amended"]
    second = got(clinician, f"/fhir/DiagnosticReport?imaging-study={study.pk}&_count=1&_offset=1")
    assert [entry["resource"]["status"] for entry in second["entry"]] == ["amended"]


def test_a_stranger_is_not_told_of_it_by_fhir(
    study: Study, reader: User, request_of: HttpRequest, stranger: Client
) -> None:
    sign(study, reader, request_of, impression="Normal.")
    assert stranger.get(f"/fhir/DiagnosticReport/{study.pk}").status_code == 404
    assert stranger.get("/fhir/DiagnosticReport").json()["total"] == 0


def test_webhooks_are_told_of_signing_and_filing_in_ids_alone(
    scanned: Study, signer: User, request_of: HttpRequest
) -> None:
    Subscription.objects.create(name="RIS", url="https://ris.example/", happenings=list(Happening.values))
    sign(scanned, signer, request_of, impression="Tumour.")
    (notice,) = Notice.objects.all()
    assert (notice.happening, notice.body["kind"], notice.body["number"]) == ("report.signed", "final", "1")
    assert notice.body["report"] == str(newest(scanned).pk)
    assert "Tumour" not in str(notice.body)
    objects_of(scanned)
    assert Notice.objects.filter(happening="result.filed").count() == 1
