"""Background work: writing exports. An object that cannot be exported is listed as a problem; the export goes on."""

import zipfile
from datetime import timedelta
from pathlib import Path

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from webapp.exchange.exports.deidentified_files import deidentify_objects, manifest_row, objects_of, write_manifest
from webapp.exchange.exports.models import Export, ExportProblem
from webapp.exchange.exports.services import EXPORT, export_queue_again
from webapp.foundation.accounts.models import User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.foundation.outbox.file_jobs import POLICY, end_job, put_off_job, report_progress, start_job, write_output
from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.registry import Group, Kind, register
from workers import api, storage

State = Export.State
KEPT = timedelta(days=7)
NOTHING = "No object could be exported; the reasons are below."


def make_export(item: OutboxItem) -> None:
    """Write the file of an export; raises as `write_output`."""
    export = Export.objects.get(pk=item.subject)
    start_job(export)
    ExportProblem.objects.filter(export=export).delete()
    write_output(
        item,
        export,
        write=lambda path: _write_archive(path, export, item),
        done=lambda: _end(export, state=State.DONE),
        nothing=NOTHING,
    )


def _write_archive(path: Path, export: Export, item: OutboxItem) -> int:
    """Write the zip archive; return the number of objects in it."""
    instances = objects_of(list(export.studies.order_by("arrived_at")))
    asked, rows = api.Options.model_validate(export.options), []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for done, left in enumerate(deidentify_objects(instances, name=export.name, options=asked), start=1):
            report_progress(item, export, objects_done=done, objects_total=len(instances))
            if left.path is None:
                ExportProblem.objects.create(export=export, instance=left.instance, sentence=left.refused[:300])
            else:
                archive.write(left.path, left.name)
                rows.append(manifest_row(left))
        archive.writestr("manifest.csv", write_manifest(rows))
    return len(rows)


def _end(export: Export, *, state: str, reason: str = "") -> None:
    """End an export and record its outcome in the audit trail."""
    expires = {"expires_at": timezone.now() + KEPT} if state == State.DONE else {}
    end_job(export, state=state, reason=reason, **expires)
    audit_record(
        code=Code.EXPORT_MADE,
        actor="export",
        success=state == State.DONE,
        details=f"export {export.pk}: {reason or f'{export.problems.count()} objects did not leave'}",
    )


def _put_off(item: OutboxItem) -> None:
    put_off_job(Export.objects.get(pk=item.subject))


def _failed(item: OutboxItem, _why: str) -> None:
    _end(Export.objects.get(pk=item.subject), state=State.FAILED, reason=item.reason)


def _retried(item: OutboxItem, user: User, request: HttpRequest) -> None:
    export_queue_again(export=Export.objects.get(pk=item.subject), user=user, request=request)


def expire_exports() -> int:
    """Remove the files of expired exports; return the number of exports."""
    over = Export.objects.filter(state=State.DONE, expires_at__lt=timezone.now())
    for export in over:
        storage.export_path(export.pk).unlink(missing_ok=True)
    return over.update(state=State.EXPIRED)


register(
    Kind(
        name=EXPORT,
        title="Export",
        group=Group.SHARING,
        policy=POLICY,
        handle=make_export,
        put_off=_put_off,
        failed=_failed,
        retried=_retried,
        page=lambda subject: reverse("export", args=[subject]),
    )
)
