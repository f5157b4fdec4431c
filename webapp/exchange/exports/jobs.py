"""Making exports: whoever takes one tells at every object that it lives; one that was left is taken up again."""

import zipfile
from datetime import timedelta
from pathlib import Path

from django.db import models, transaction
from django.utils import timezone

from webapp.exchange.exports.deidentified_files import deidentify_objects, manifest_row, objects_of, write_manifest
from webapp.exchange.exports.models import Export, ExportProblem
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.foundation.core.background_jobs import claim_next, release_stale, renew_lease, write_output
from workers import api, storage

State = Export.State
KEPT = timedelta(days=7)


def export_next() -> Export | None:
    """Take the oldest export that waits, or whose maker died; None where there is none."""
    return claim_next(Export, end=export_end)


def exports_recover() -> int:
    """Take back what a process that died was making."""
    return release_stale(Export)


def export_make(export: Export) -> None:
    """Write the export's file, which appears whole; an object that cannot leave is a problem, not a failure."""
    ExportProblem.objects.filter(export=export).delete()
    write_output(
        export,
        write=lambda path, mine: _archive_written(path, export, mine),
        end=export_end,
        nothing="No object could leave; each has its reason below.",
    )


def _archive_written(path: Path, export: Export, mine: models.QuerySet[Export]) -> int:
    """Write the archive, telling at each object that this maker lives; return how many objects it holds.

    Raises
    ------
    TakenOverError
        If another maker took the export meanwhile.
    """
    instances = objects_of(list(export.studies.order_by("arrived_at")))
    asked, rows = api.Options.model_validate(export.options), []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for done, left in enumerate(deidentify_objects(instances, name=export.name, options=asked), start=1):
            if left.path is None:
                ExportProblem.objects.create(export=export, instance=left.instance, sentence=left.refused[:300])
            else:
                archive.write(left.path, left.name)
                rows.append(manifest_row(left))
            renew_lease(mine, objects_done=done, objects_total=len(instances))
        archive.writestr("manifest.csv", write_manifest(rows))
    return len(rows)


def export_end(mine: models.QuerySet[Export], export: Export, *, state: str, reason: str = "") -> None:
    """End an export and write down in the audit trail what became of it."""
    now, file = timezone.now(), storage.export_path(export.pk)
    done = {"file_size": file.stat().st_size, "expires_at": now + KEPT} if state == State.DONE else {}
    with transaction.atomic():
        if mine.update(state=state, reason=reason, finished_at=now, **done):
            audit_record(
                code=Code.EXPORT_MADE,
                actor="export",
                success=state == State.DONE,
                details=f"export {export.pk}: {reason or f'{export.problems.count()} objects did not leave'}",
            )


def exports_expire() -> int:
    """Remove the files of exports whose time is over; return how many."""
    over = Export.objects.filter(state=State.DONE, expires_at__lt=timezone.now())
    for export in over:
        storage.export_path(export.pk).unlink(missing_ok=True)
    return over.update(state=State.EXPIRED)
