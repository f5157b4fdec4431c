"""Making the DICOM objects that signed reports are owed; housekeeping asks again and again."""

from pathlib import Path
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef

from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.imaging.archive.models import Instance
from webapp.imaging.dicom_objects.models import ResultSeries
from webapp.imaging.dicom_objects.outbox import ATTEMPTS_ALLOWED, attempted, claimed_of, moved
from webapp.imaging.dicom_objects.signals import results_stored
from webapp.imaging.dicom_objects.storage import IngestResult, kinds_told, series_told, store_objects
from webapp.reading.reporting.models import Report, ReportObjects

if TYPE_CHECKING:
    from webapp.imaging.dicom_objects.builder import BuiltSet

State = ReportObjects.State
#: The last attempt makes report and document alone: they leave, whatever is wrong with an outline.
WITHOUT = "Without a segmentation of the outlines, as it failed before. {}"


def store_signed_reports() -> int:
    """Make and file the objects of the signed report that has waited longest; return how many reports, 0 or 1.

    Raises
    ------
    OSError, django.db.OperationalError
        If disk or database fail: the objects stay owed.
    """
    # Versions are written down in their order: the later one names the earlier one.
    before = ReportObjects.objects.filter(
        report__study=OuterRef("report__study"), state=State.OWED, pk__lt=OuterRef("pk")
    )
    rows = ReportObjects.objects.select_related(
        "report__study__site", "report__study__patient", "report__signature__user"
    )
    claimed = claimed_of(rows.exclude(Exists(before)))
    if claimed is None:
        return 0
    attempted(
        claimed, lambda into: _file(claimed, _built(claimed, into)), named=f"objects of report {claimed.report_id}"
    )
    return 1


def _built(claimed: ReportObjects, into: Path) -> "BuiltSet":
    # highdicom and its lists of codes take two seconds and 150 MB: none of it before there is something to make.
    from webapp.reading.reporting import sr_person  # noqa: PLC0415

    is_last = claimed.attempts == ATTEMPTS_ALLOWED
    return sr_person.build_documents(
        claimed.report,
        earlier=_earlier(claimed.report),
        into=into,
        without_outlines=WITHOUT.format(claimed.reason).strip() if is_last else "",
    )


def _earlier(report: Report) -> list[Instance]:
    """Return the structured report of the version that one supersedes."""
    told = ReportObjects.objects.filter(report=report.supersedes_id, state=State.DONE).first()
    series = told.series.filter(kind=ResultSeries.Kind.SR).values("series") if told else []
    return list(Instance.objects.filter(series__in=series).select_related("series__study"))


def _file(claimed: ReportObjects, built: "BuiltSet") -> None:
    report = claimed.report

    def then(filed: IngestResult) -> None:
        claimed.series.set(series_told(filed))
        results_stored.send(sender=Report, study=report.study, instances=[row for _, row in filed])
        audit_record(
            code=Code.RESULTS_FILED,
            actor=report.signature.login,
            study=report.study_id,
            details=f"report version {report.number}: {kinds_told(built.objects)}",
        )

    store_objects(
        built.objects,
        study=report.study,
        user=report.signature.user,
        first=lambda: moved(claimed, State.DONE, reason=built.reason),
        then=then,
    )
