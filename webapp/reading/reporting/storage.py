"""Building and storing the DICOM objects of signed reports, in the outbox."""

from pathlib import Path
from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.utils import timezone

from webapp.foundation.accounts.models import User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.registry import Group, Kind, page_of, register
from webapp.foundation.outbox.services import complete, enqueue
from webapp.imaging.archive.models import Instance
from webapp.imaging.dicom_objects.build_jobs import POLICY, build_and_store, failed_in, put_off_in
from webapp.imaging.dicom_objects.models import ResultSeries
from webapp.imaging.dicom_objects.signals import results_stored
from webapp.imaging.dicom_objects.storage import IngestResult, kinds_told, series_told, store_objects
from webapp.reading.reporting.models import Report, ReportObjects

if TYPE_CHECKING:
    from webapp.imaging.dicom_objects.builder import BuiltSet

State = ReportObjects.State
#: The kind of work in the outbox.
REPORT_OBJECTS = "report-objects"
#: The last attempt builds report and document alone, so that a faulty outline does not hold them up.
WITHOUT = "Without a segmentation of the outlines, as it failed before. {}"


def request_report_objects(*, report: Report) -> None:
    """Request the objects of a signed report, in the transaction that signs it."""
    owed = ReportObjects.objects.create(report=report)
    enqueue(REPORT_OBJECTS, owed.pk, lane=report.study_id)


def store_signed_report(item: OutboxItem) -> None:
    """Build and store the objects of a signed report; raises as `build_and_store`."""
    rows = ReportObjects.objects.select_related(
        "report__study__site", "report__study__patient", "report__signature__user"
    )
    owed = rows.get(pk=item.subject)
    build_and_store(
        lambda into: _store(item, owed, _build(item, owed, into)), named=f"objects of report {owed.report_id}"
    )


def _build(item: OutboxItem, owed: ReportObjects, into: Path) -> "BuiltSet":
    # highdicom and its lists of codes take two seconds and 150 MB: none of it before there is something to make.
    from webapp.reading.reporting import sr_person  # noqa: PLC0415

    is_last = item.failures + 1 >= POLICY.failures_allowed
    return sr_person.build_documents(
        owed.report,
        earlier=_superseded_sr(owed.report),
        into=into,
        without_outlines=WITHOUT.format(owed.reason).strip() if is_last else "",
    )


def _superseded_sr(report: Report) -> list[Instance]:
    """Return the structured report of the superseded version."""
    superseded = ReportObjects.objects.filter(report=report.supersedes_id, state=State.DONE).first()
    series = superseded.series.filter(kind=ResultSeries.Kind.SR).values("series") if superseded else []
    return list(Instance.objects.filter(series__in=series).select_related("series__study"))


def _store(item: OutboxItem, owed: ReportObjects, built: "BuiltSet") -> None:
    report = owed.report

    def then(filed: IngestResult) -> None:
        ended = {"state": State.DONE, "reason": built.reason[:300], "finished_at": timezone.now()}
        ReportObjects.objects.filter(pk=owed.pk).update(**ended)
        owed.series.set(series_told(filed))
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
        first=lambda: complete(item),
        then=then,
    )


def _requeue(item: OutboxItem, user: User, request: HttpRequest) -> None:
    owed = ReportObjects.objects.select_related("report").get(pk=item.subject)
    ReportObjects.objects.filter(pk=owed.pk).update(state=State.OWED, reason="", finished_at=None)
    details = f"report version {owed.report.number}: objects asked for again"
    audit_record(code=Code.WORK_RETRIED, user=user, request=request, study=owed.report.study_id, details=details)


register(
    Kind(
        name=REPORT_OBJECTS,
        title="DICOM objects of a signed report",
        group=Group.HOUSEKEEPING,
        policy=POLICY,
        handle=store_signed_report,
        put_off=put_off_in(ReportObjects),
        failed=failed_in(ReportObjects),
        retried=_requeue,
        page=page_of(ReportObjects, "report__study"),
    )
)
