"""Building the DICOM objects of finished runs, and storing them all together or not at all."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from webapp.foundation.accounts.models import User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.registry import Group, Kind, page_of, register
from webapp.foundation.outbox.services import complete, enqueue
from webapp.imaging.annotations.masks import MaskError
from webapp.imaging.archive.models import Instance
from webapp.imaging.dicom_objects.build_jobs import POLICY, BuildFailedError, build_and_store, failed_in, put_off_in
from webapp.imaging.dicom_objects.models import ResultSeries, ResultSet
from webapp.imaging.dicom_objects.signals import results_stored
from webapp.imaging.dicom_objects.storage import IngestResult, kinds_told, series_told, store_objects
from webapp.imaging.inference.models import Run

if TYPE_CHECKING:
    from webapp.imaging.dicom_objects.builder import BuiltSet

State = ResultSet.State
#: The kind of work in the outbox.
RESULTS = "results"
NO_MASK = "An outline that the run drew is missing or damaged."


def request_results(*, run: Run) -> None:
    """Request the objects of a run; called in the transaction that stores its result."""
    results, is_new = ResultSet.objects.get_or_create(run=run)
    if is_new:
        enqueue(RESULTS, results.pk, lane=run.series_id)


def make_results(item: OutboxItem) -> None:
    """Build and store the objects of a run; raises as `build_and_store`."""
    rows = ResultSet.objects.select_related("run__series__study__site", "run__series__study__uploaded_by")
    results, began = rows.get(pk=item.subject), time.perf_counter()
    build_and_store(
        lambda into: _file(item, results, _built(results, into), began), named=f"results of run {results.run_id}"
    )


def _built(results: ResultSet, into: Path) -> "BuiltSet":
    # highdicom and its code lists take two seconds and 150 MB: loaded only once there is something to build.
    from webapp.imaging.dicom_objects import builder  # noqa: PLC0415

    try:
        return builder.build_results(run=results.run, earlier=_earlier(results), into=into)
    except MaskError:
        raise BuildFailedError(NO_MASK) from None


def _earlier(results: ResultSet) -> list[Instance]:
    """Return the reports of earlier runs of the same series, the oldest first."""
    reports: QuerySet[Instance] = Instance.objects.filter(
        series__result__kind=ResultSeries.Kind.SR,
        series__result__results__run__series=results.run.series,
        series__result__results__lt=results.pk,
    )
    return list(reports.select_related("series__study").order_by("series__result__results"))


def _file(item: OutboxItem, results: ResultSet, built: "BuiltSet", began: float) -> None:
    """Store all objects in one transaction, unless another attempt did so first."""
    study = results.run.series.study

    def then(filed: IngestResult) -> None:
        ms = (time.perf_counter() - began) * 1000
        ended = {"state": State.DONE, "reason": built.reason[:300], "finished_at": timezone.now(), "ms": ms}
        ResultSet.objects.filter(pk=results.pk).update(**ended)
        series_told(filed, results=results)
        results_stored.send(sender=ResultSet, study=study, instances=[row for _, row in filed])
        audit_record(
            code=Code.RESULTS_FILED,
            actor="cascade",
            study=study.pk,
            details=f"run {results.run_id}: {kinds_told(built.objects)}",
        )

    store_objects(built.objects, study=study, user=study.uploaded_by, first=lambda: complete(item), then=then)


def _retried(item: OutboxItem, user: User, request: HttpRequest) -> None:
    results = ResultSet.objects.select_related("run__series").get(pk=item.subject)
    ResultSet.objects.filter(pk=results.pk).update(state=State.OWED, reason="", finished_at=None)
    study, details = results.run.series.study_id, f"run {results.run_id}: asked for again"
    audit_record(code=Code.WORK_RETRIED, user=user, request=request, study=study, details=details)


register(
    Kind(
        name=RESULTS,
        title="DICOM objects of a run",
        group=Group.HOUSEKEEPING,
        policy=POLICY,
        handle=make_results,
        put_off=put_off_in(ResultSet),
        failed=failed_in(ResultSet),
        retried=_retried,
        page=page_of(ResultSet, "run__series__study"),
    )
)
