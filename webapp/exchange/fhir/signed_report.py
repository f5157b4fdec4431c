"""DiagnosticReport of a study that a person signed: preliminary, final, amended. The newest version is what it says."""

from datetime import datetime
from html import escape

from django.urls import reverse
from fhir.resources.R4B.attachment import Attachment
from fhir.resources.R4B.diagnosticreport import DiagnosticReport
from fhir.resources.R4B.identifier import Identifier
from fhir.resources.R4B.meta import Meta
from fhir.resources.R4B.narrative import Narrative
from fhir.resources.R4B.reference import Reference

from webapp.exchange.fhir.datatypes import (
    DIAGNOSTIC_SECTION,
    LOINC,
    URI,
    coding,
    concept,
    day,
    instant,
    reference,
    words,
)
from webapp.reading.reporting.models import Report

STATUSES = {
    Report.Kind.PRELIMINARY: "preliminary",
    Report.Kind.FINAL: "final",
    Report.Kind.ADDENDUM: "amended",
}
RESEARCH = "Research use, not for diagnosis."
XHTML = "http://www.w3.org/1999/xhtml"


def signed_resource(report: Report, *, root: str) -> DiagnosticReport:
    """Return the DiagnosticReport of a study's signed report; its id is the study's, and stays the same.

    `meta.versionId` is the number of the version. Findings that the reader agreed to are its results; what they
    did not accept is not named.
    """
    study, signature = report.study, report.signature
    agreed = [one["finding"] for one in report.statements if one["finding"] and one["title"] == one["ai_title"]]
    return DiagnosticReport(
        id=str(study.pk),
        meta=Meta(versionId=str(report.number), lastUpdated=instant(signature.at)),
        text=Narrative(status="additional", div=_narrative(report)),
        identifier=[Identifier(system=URI, value=f"urn:uuid:{report.pk}")],
        status=STATUSES[Report.Kind(report.kind)],
        category=[concept(coding(DIAGNOSTIC_SECTION, "RAD", "Radiology"))],
        code=concept(coding(LOINC, "18748-4", "Diagnostic imaging study"), text="Report"),
        subject=reference("Patient", study.patient_id),
        effectiveDateTime=day(study.study_date),
        issued=instant(signature.at),
        resultsInterpreter=[Reference(type="Practitioner", display=words(signature.name))],
        imagingStudy=[reference("ImagingStudy", study.pk)],
        result=[reference("Observation", finding) for finding in agreed] or None,
        conclusion=words(_conclusion(report)),
        presentedForm=[
            Attachment(
                contentType="application/pdf",
                url=root + reverse("report-pdf", args=[study.pk, report.number]),
                title=f"Version {report.number}, {report.get_kind_display().lower()}",
                creation=instant(signature.at),
            )
        ],
    )


def _conclusion(report: Report) -> str:
    parts = [one["text"] for one in report.sections if one["key"].startswith(("impression", "addendum"))]
    return "\n".join(part.strip() for part in parts if part.strip())


def _narrative(report: Report) -> str:
    """Return the signed text as XHTML (FHIR, Narrative): headings and lines, nothing that runs."""
    told = [(one["title"], one["text"]) for one in report.sections] + [("Free text", report.free_text)]
    lines = [
        f"<h3>{escape(title)}</h3><p>{escape(text.strip()).replace(chr(10), '<br/>')}</p>"
        for title, text in told
        if text.strip()
    ]
    signature = report.signature
    signed = escape(f"{signature.name}, {_written(signature.at)}. {signature.meaning} sha256 {signature.digest}")
    return f'<div xmlns="{XHTML}"><p>{RESEARCH}</p>{"".join(lines)}<p>{signed}</p></div>'


def _written(at: datetime) -> str:
    return instant(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")
