"""Making the objects that finished runs are owed: claimed, built, and filed all together or not at all."""

import logging
import shutil
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import OperationalError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from webapp.audit.events import Code
from webapp.audit.services import audit_record
from webapp.results.filed import results_filed
from webapp.results.marked import MaskError
from webapp.results.models import ResultSeries, ResultSet
from webapp.studies.filing import instance_file
from webapp.studies.models import Instance, Series
from webapp.studies.stored import bytes_stored, bytes_weighed
from workers import api, storage

if TYPE_CHECKING:
    from webapp.results.building import BuiltSet

log = logging.getLogger(__name__)

ATTEMPTS_ALLOWED = 3
#: A set that somebody works on, or that could not be made, is taken up again after this.
AGAIN = timedelta(minutes=2)
State = ResultSet.State

DIED = "The process that makes objects stopped in the middle of these, each time."
NO_MASK = "An outline that the run drew is missing or damaged."
UNFIT = "The headers of these images hold something that no valid object can be made of ({kind})."


def results_make() -> int:
    """Make the objects of the run that has waited longest; return how many runs that were, 0 or 1.

    Raises
    ------
    OSError, django.db.OperationalError
        If disk or database fail: the set stays owed.
    """
    claimed = _claimed()
    if claimed is None:
        return 0
    began = time.perf_counter()
    into = storage.temporary()
    into.mkdir()
    try:
        _file(claimed, _built(claimed, into), began)
    except (OSError, OperationalError):
        # Not the objects' fault: the attempt does not count.
        ResultSet.objects.filter(pk=claimed.pk, attempts=claimed.attempts).update(attempts=F("attempts") - 1)
        raise
    except api.Refused as refused:
        _fail(claimed, str(refused))
    except MaskError:
        _fail(claimed, NO_MASK)
    except Exception as unfit:  # noqa: BLE001 - whatever a header makes the library raise, housekeeping lives on
        # Not the message: it may quote the patient.
        log.warning("results of run %s: %s", claimed.run_id, type(unfit).__name__)
        _fail(claimed, UNFIT.format(kind=type(unfit).__name__))
    finally:
        shutil.rmtree(into, ignore_errors=True)
    return 1


def _claimed() -> ResultSet | None:
    """Take the oldest set that is due, counted before any work starts; None where there is none."""
    now = timezone.now()
    # Answers about one series are written down in their order: the later report names the earlier one.
    before = ResultSet.objects.filter(run__series=OuterRef("run__series"), state=State.OWED, pk__lt=OuterRef("pk"))
    due = ResultSet.objects.filter(Q(tried_at=None) | Q(tried_at__lt=now - AGAIN), state=State.OWED)
    found = due.exclude(Exists(before)).select_related("run__series__study__site", "run__series__study__uploaded_by")
    claimed = found.order_by("pk").first()
    if claimed is None:
        return None
    if claimed.attempts >= ATTEMPTS_ALLOWED:
        _fail(claimed, claimed.reason or DIED)
        return None
    seen = ResultSet.objects.filter(pk=claimed.pk, state=State.OWED, attempts=claimed.attempts)
    if not seen.update(attempts=F("attempts") + 1, tried_at=now):
        return None
    claimed.attempts += 1
    return claimed


def _built(claimed: ResultSet, into: Path) -> "BuiltSet":
    # highdicom and its lists of codes take two seconds and 150 MB: none of it before there is something to make.
    from webapp.results import building  # noqa: PLC0415

    return building.results_built(run=claimed.run, earlier=_earlier(claimed), into=into)


def _earlier(claimed: ResultSet) -> list[Instance]:
    """Return the reports of earlier answers about the same series, the oldest first."""
    reports: QuerySet[Instance] = Instance.objects.filter(
        series__result__kind=ResultSeries.Kind.SR,
        series__result__results__run__series=claimed.run.series,
        series__result__results__lt=claimed.pk,
    )
    return list(reports.select_related("series__study").order_by("series__result__results"))


def _file(claimed: ResultSet, built: "BuiltSet", began: float) -> None:
    """File all objects in one transaction, as intake files what is sent, unless another attempt did it first."""
    plan = [(one, bytes_weighed(one.path), api.inspect(one.path)) for one in built.objects]
    study = claimed.run.series.study
    with ExitStack() as held:
        for _, weighed, _ in plan:
            held.enter_context(bytes_stored(weighed))
        with transaction.atomic():
            if not _moved(claimed, State.DONE, reason=built.reason, ms=(time.perf_counter() - began) * 1000):
                return
            filed = []
            for one, weighed, found in plan:
                instance, _ = instance_file(found=found, weighed=weighed, site=study.site, user=study.uploaded_by)
                filed.append(instance)
                ResultSeries.objects.get_or_create(results=claimed, kind=one.kind, series=instance.series)
            # Nothing is owed for them.
            Series.objects.filter(result__results=claimed).update(asked_at=F("last_arrival_at"))
            kinds = ", ".join(sorted({one.kind.value for one, _, _ in plan}))
            audit_record(
                code=Code.RESULTS_FILED,
                actor="cascade",
                study=study.pk,
                details=f"run {claimed.run_id}: {len(plan)} objects ({kinds})",
            )
            results_filed.send(sender=ResultSet, study=study, instances=filed)


def _fail(claimed: ResultSet, reason: str) -> None:
    """Keep why it did not work; after the last attempt, for good."""
    state = State.FAILED if claimed.attempts >= ATTEMPTS_ALLOWED else State.OWED
    _moved(claimed, state, reason=reason, ms=None)


def _moved(claimed: ResultSet, state: str, *, reason: str, ms: float | None) -> bool:
    """Move a set, if its attempt is still the current one."""
    over = timezone.now() if state != State.OWED else None
    current = ResultSet.objects.filter(pk=claimed.pk, state=State.OWED, attempts=claimed.attempts)
    return bool(current.update(state=state, reason=reason[:300], ms=ms, finished_at=over))
