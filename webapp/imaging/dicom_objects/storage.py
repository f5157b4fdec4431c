"""Stores objects that Readroom created in the archive, as ingest stores those that are sent."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from django.db import transaction
from django.db.models import F

from webapp.foundation.accounts.models import User
from webapp.imaging.archive.models import Instance, Series, Study
from webapp.imaging.archive.object_store import digest_file, store_bytes
from webapp.imaging.archive.repository import persist_instance
from webapp.imaging.dicom_objects.build_jobs import Built
from webapp.imaging.dicom_objects.models import ResultSeries
from workers import api

IngestResult = Sequence[tuple[Built, Instance]]


def store_objects(
    objects: Sequence[Built],
    *,
    study: Study,
    user: User,
    first: Callable[[], None],
    then: Callable[[IngestResult], None],
) -> None:
    """Store objects in a study, in one transaction with the caller's own changes; their series need no analysis.

    Parameters
    ----------
    first
        Completes the outbox item; raises LeaseLostError if another attempt was faster, and nothing is stored.
    then
        Called at the end of the transaction with each object and its row.
    """
    plan = [(one, digest_file(one.path), api.inspect(one.path)) for one in objects]
    with ExitStack() as held:
        for _, weighed, _ in plan:
            held.enter_context(store_bytes(weighed))
        with transaction.atomic():
            first()
            filed = [
                (one, persist_instance(found=found, weighed=weighed, site=study.site, user=user)[0])
                for one, weighed, found in plan
            ]
            series = {row.series_id for _, row in filed}
            Series.objects.filter(pk__in=series).update(analysis_requested_at=F("last_arrival_at"))
            then(filed)


def series_told(filed: IngestResult, **of: object) -> list[ResultSeries]:
    """Record which series Readroom created, so that they are never analysed; `of` has further fields of their rows."""
    return [
        ResultSeries.objects.get_or_create(series=instance.series, defaults={"kind": one.kind, **of})[0]
        for one, instance in filed
    ]


def kinds_told(objects: Sequence[Built]) -> str:
    """Return the number and the kinds of objects, for the audit trail."""
    return f"{len(objects)} objects ({', '.join(sorted({str(one.kind) for one in objects}))})"
