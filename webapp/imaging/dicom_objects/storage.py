"""Filing objects that Readroom made, as intake files what is sent."""

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
    """File objects into a study, in one transaction with what else is written.

    Parameters
    ----------
    first
        Ends the work in the outbox; raises LeaseLostError where another attempt was faster, and nothing is filed.
    then
        Told each object with its row. Series of them are owed no run.
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
    """Keep which series Readroom made, so that they are never analysed; `of` names the run's set, if it is one's."""
    return [
        ResultSeries.objects.get_or_create(series=instance.series, defaults={"kind": one.kind, **of})[0]
        for one, instance in filed
    ]


def kinds_told(objects: Sequence[Built]) -> str:
    """Return how many objects of which kinds, for the audit trail."""
    return f"{len(objects)} objects ({', '.join(sorted({str(one.kind) for one in objects}))})"
