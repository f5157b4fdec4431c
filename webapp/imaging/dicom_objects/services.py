"""Making the objects that finished runs are owed: claimed, built, and filed all together or not at all."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, QuerySet

from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.imaging.annotations.masks import MaskError
from webapp.imaging.archive.models import Instance
from webapp.imaging.dicom_objects.models import ResultSeries, ResultSet
from webapp.imaging.dicom_objects.outbox import BuildFailedError, attempted, claimed_of, moved
from webapp.imaging.dicom_objects.signals import results_stored
from webapp.imaging.dicom_objects.storage import IngestResult, kinds_told, series_told, store_objects

if TYPE_CHECKING:
    from webapp.imaging.dicom_objects.builder import BuiltSet

State = ResultSet.State
NO_MASK = "An outline that the run drew is missing or damaged."


def make_results() -> int:
    """Make the objects of the run that has waited longest; return how many runs that were, 0 or 1.

    Raises
    ------
    OSError, django.db.OperationalError
        If disk or database fail: the set stays owed.
    """
    # Answers about one series are written down in their order: the later report names the earlier one.
    before = ResultSet.objects.filter(run__series=OuterRef("run__series"), state=State.OWED, pk__lt=OuterRef("pk"))
    rows = ResultSet.objects.select_related("run__series__study__site", "run__series__study__uploaded_by")
    claimed = claimed_of(rows.exclude(Exists(before)))
    if claimed is None:
        return 0
    began = time.perf_counter()
    attempted(
        claimed, lambda into: _file(claimed, _built(claimed, into), began), named=f"results of run {claimed.run_id}"
    )
    return 1


def _built(claimed: ResultSet, into: Path) -> "BuiltSet":
    # highdicom and its lists of codes take two seconds and 150 MB: none of it before there is something to make.
    from webapp.imaging.dicom_objects import builder  # noqa: PLC0415

    try:
        return builder.build_results(run=claimed.run, earlier=_earlier(claimed), into=into)
    except MaskError:
        raise BuildFailedError(NO_MASK) from None


def _earlier(claimed: ResultSet) -> list[Instance]:
    """Return the reports of earlier answers about the same series, the oldest first."""
    reports: QuerySet[Instance] = Instance.objects.filter(
        series__result__kind=ResultSeries.Kind.SR,
        series__result__results__run__series=claimed.run.series,
        series__result__results__lt=claimed.pk,
    )
    return list(reports.select_related("series__study").order_by("series__result__results"))


def _file(claimed: ResultSet, built: "BuiltSet", began: float) -> None:
    """File all objects in one transaction, unless another attempt did it first."""
    study = claimed.run.series.study

    def then(filed: IngestResult) -> None:
        series_told(filed, results=claimed)
        results_stored.send(sender=ResultSet, study=study, instances=[row for _, row in filed])
        audit_record(
            code=Code.RESULTS_FILED,
            actor="cascade",
            study=study.pk,
            details=f"run {claimed.run_id}: {kinds_told(built.objects)}",
        )

    store_objects(
        built.objects,
        study=study,
        user=study.uploaded_by,
        first=lambda: moved(claimed, State.DONE, reason=built.reason, ms=(time.perf_counter() - began) * 1000),
        then=then,
    )
