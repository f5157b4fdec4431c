"""Requesting exports."""

from collections.abc import Sequence

from django.db import transaction
from django.http import HttpRequest

from webapp.exchange.exports.deidentified_files import objects_open
from webapp.exchange.exports.models import Export
from webapp.foundation.accounts.models import User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.foundation.outbox.services import enqueue
from webapp.imaging.archive.models import Study
from workers import api

#: The kind of work in the outbox.
EXPORT = "export"


def export_create(
    *, name: str, studies: Sequence[Study], options: api.Options, user: User, request: HttpRequest | None
) -> Export:
    """Create and enqueue an export; the audit trail has one event for each of its studies."""
    with transaction.atomic():
        total = objects_open(studies).count()
        export = Export.objects.create(
            name=name, options=options.model_dump(mode="json"), requested_by=user, objects_total=total
        )
        export.studies.set(studies)
        enqueue(EXPORT, export.pk)
        for study in studies:
            audit_record(
                code=Code.EXPORT_ASKED, user=user, request=request, study=study.pk, details=f"export {export.pk}"
            )
    return export


@transaction.atomic
def export_retry(*, export: Export, user: User, request: HttpRequest) -> bool:
    """Enqueue a failed or expired export again; return False if it is neither, or no longer."""
    queued = export_queue_again(export=export, user=user, request=request)
    if queued:
        enqueue(EXPORT, export.pk)
    return queued


def export_queue_again(*, export: Export, user: User, request: HttpRequest) -> bool:
    """Set a failed or expired export to queued and audit who requested it; the caller updates the outbox."""
    again = Export.objects.filter(pk=export.pk, state__in=[Export.State.FAILED, Export.State.EXPIRED])
    queued = again.update(state=Export.State.QUEUED, objects_done=0, reason="", finished_at=None, expires_at=None)
    if queued:
        audit_record(code=Code.EXPORT_ASKED, user=user, request=request, details=f"export {export.pk}, again")
    return bool(queued)
