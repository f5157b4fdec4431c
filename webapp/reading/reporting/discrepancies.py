"""Where the AI and a signed report differ, in both directions. Somebody must acknowledge each."""

from collections.abc import Iterator

from webapp.imaging.inference.models import Finding, Run
from webapp.reading.reporting.accepted_findings import line_of
from webapp.reading.reporting.models import Discrepancy, Report
from webapp.reading.reporting.slice_labels import Places
from webapp.reading.reviews.models import Review
from webapp.reading.reviews.selectors import findings_asked, format_reasons

Direction = Discrepancy.Direction
LOOKED_FOR = (Run.Outcome.FINDINGS, Run.Outcome.NEGATIVE)
DID_NOT_LOOK = "The AI looked for no finding in this study."


def record_discrepancies(report: Report) -> list[Discrepancy]:
    """Write down where AI and a report that is being signed differ; what an earlier version left open stays one."""
    known = Discrepancy.objects.filter(study=report.study)
    seen = {(row.direction, row.finding_id, row.verdict_id) for row in known}
    fresh = [
        one
        for one in (*_ai_only(report), *_report_only(report))
        if (one.direction, one.finding_id, one.verdict_id) not in seen
        # Of a finding once, whatever the reader says of it later.
        and not (one.finding_id and any(one.finding_id == finding for _, finding, _ in seen))
    ]
    return Discrepancy.objects.bulk_create(fresh)


def _ai_only(report: Report) -> Iterator[Discrepancy]:
    places = Places(report.study)
    kept = {one["finding"]: one for one in report.statements if one["finding"]}
    said = _said(report)
    for finding in findings_asked(report.study):
        ai = line_of(finding.label_title, places.of_finding(finding), f"{finding.probability:.0%}").rstrip(".")
        if (one := kept.get(finding.pk)) is None:
            verdict = said.get(finding.pk)
            yield _row(report, Direction.AI_ONLY, f"{ai}. {_why(verdict)}", finding=finding, verdict=verdict)
        elif one["title"].casefold() != finding.label_title.casefold():
            sentence = f"{ai}. The report calls it {one['title']}."
            yield _row(report, Direction.AI_ONLY, sentence, finding=finding, verdict=said.get(finding.pk))


def _report_only(report: Report) -> Iterator[Discrepancy]:
    looked = Run.objects.filter(series__study=report.study, outcome__in=LOOKED_FOR).exists()
    asked = findings_asked(report.study)
    for one in report.statements:
        if one["finding"] is None:
            sentence = line_of(one["title"], one["place"], one["figures"])
            more = " The AI marked nothing there." if looked else f" {DID_NOT_LOOK}"
            verdict = Review.objects.get(pk=one["verdict"])
            yield _row(report, Direction.REPORT_ONLY, sentence + more, verdict=verdict)
    if report.is_abnormal and looked and not asked and not report.statements:
        yield _row(report, Direction.REPORT_ONLY, "The report calls the study abnormal; the AI marked nothing.")


def _said(report: Report) -> dict[int | None, Review]:
    """Return the newest verdict of the report's read on each finding."""
    rows = Review.objects.filter(read=report.read, finding__isnull=False) if report.read_id else []
    return {row.finding_id: row for row in rows}


def _why(verdict: Review | None) -> str:
    if verdict is None or verdict.says == Review.Decision.WITHDRAWN:
        return "The reader did not comment on it."
    reasons = format_reasons(verdict.reasons)
    return f"The reader disagreed{f': {reasons}' if reasons else ''}."


def _row(
    report: Report,
    direction: str,
    sentence: str,
    *,
    finding: Finding | None = None,
    verdict: Review | None = None,
) -> Discrepancy:
    return Discrepancy(
        study=report.study,
        report=report,
        direction=direction,
        finding=finding,
        verdict=verdict,
        sentence=sentence[:500],
    )
