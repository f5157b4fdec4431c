"""Discrepancies between the AI and a signed report, in both directions. Each must be acknowledged."""

from collections.abc import Iterator

from webapp.imaging.inference.models import Finding, Run
from webapp.reading.reporting.accepted_findings import SliceLabels, format_line
from webapp.reading.reporting.models import Discrepancy, Report
from webapp.reading.reviews.models import Review
from webapp.reading.reviews.presenters import format_reasons
from webapp.reading.reviews.selectors import findings_to_review

Direction = Discrepancy.Direction
LOOKED_FOR = (Run.Outcome.FINDINGS, Run.Outcome.NEGATIVE)
DID_NOT_LOOK = "The AI looked for no finding in this study."


def record_discrepancies(report: Report) -> list[Discrepancy]:
    """Record the discrepancies of a report that is being signed; those of earlier versions are not repeated."""
    known = Discrepancy.objects.filter(study=report.study)
    seen = {(row.direction, row.finding_id, row.review_id) for row in known}
    fresh = [
        one
        for one in (*_ai_only(report), *_report_only(report))
        if (one.direction, one.finding_id, one.review_id) not in seen
        # Of a finding once, whatever the reader says of it later.
        and not (one.finding_id and any(one.finding_id == finding for _, finding, _ in seen))
    ]
    return Discrepancy.objects.bulk_create(fresh)


def _ai_only(report: Report) -> Iterator[Discrepancy]:
    labels = SliceLabels(report.study)
    accepted = {one["finding"]: one for one in report.statements if one["finding"]}
    reviews = _reviews_by_finding(report)
    for finding in findings_to_review(report.study):
        ai = format_line(finding.label_title, labels.finding_label(finding), f"{finding.probability:.0%}").rstrip(".")
        if (one := accepted.get(finding.pk)) is None:
            review = reviews.get(finding.pk)
            yield _discrepancy(
                report, Direction.AI_ONLY, f"{ai}. {_reader_position(review)}", finding=finding, review=review
            )
        elif one["title"].casefold() != finding.label_title.casefold():
            sentence = f"{ai}. The report calls it {one['title']}."
            yield _discrepancy(report, Direction.AI_ONLY, sentence, finding=finding, review=reviews.get(finding.pk))


def _report_only(report: Report) -> Iterator[Discrepancy]:
    looked = Run.objects.filter(series__study=report.study, outcome__in=LOOKED_FOR).exists()
    findings = findings_to_review(report.study)
    for one in report.statements:
        if one["finding"] is None:
            sentence = format_line(one["title"], one["place"], one["figures"])
            more = " The AI marked nothing there." if looked else f" {DID_NOT_LOOK}"
            review = Review.objects.get(pk=one["review"])
            yield _discrepancy(report, Direction.REPORT_ONLY, sentence + more, review=review)
    if report.is_abnormal and looked and not findings and not report.statements:
        yield _discrepancy(report, Direction.REPORT_ONLY, "The report calls the study abnormal; the AI marked nothing.")


def _reviews_by_finding(report: Report) -> dict[int | None, Review]:
    """Return the newest review of each finding in the report's read."""
    rows = Review.objects.filter(read=report.read, finding__isnull=False) if report.read_id else []
    return {row.finding_id: row for row in rows}


def _reader_position(review: Review | None) -> str:
    if review is None or review.says == Review.Decision.WITHDRAWN:
        return "The reader did not comment on it."
    reasons = format_reasons(review.reasons)
    return f"The reader disagreed{f': {reasons}' if reasons else ''}."


def _discrepancy(
    report: Report,
    direction: str,
    sentence: str,
    *,
    finding: Finding | None = None,
    review: Review | None = None,
) -> Discrepancy:
    return Discrepancy(
        study=report.study,
        report=report,
        direction=direction,
        finding=finding,
        review=review,
        sentence=sentence[:500],
    )
