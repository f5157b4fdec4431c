"""Writing the files of training sets, in the outbox (`webapp.foundation.outbox.file_jobs`)."""

import zipfile
from pathlib import Path

from django.http import HttpRequest
from django.urls import reverse

from webapp.foundation.accounts.models import User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.foundation.outbox.file_jobs import POLICY, end_job, put_off_job, report_progress, start_job, write_output
from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.registry import Group, Kind, register
from webapp.reading.campaigns.dataset_files import format_boxes, format_campaign, format_manifest, load_picture
from webapp.reading.campaigns.dataset_snapshot import DATASET, NAMED, dataset_requeue
from webapp.reading.campaigns.models import ConsensusRow, ConsensusSet
from workers import api

State = ConsensusSet.State
NO_PICTURES = "No picture could be exported; the reasons are below."


def write_dataset(item: OutboxItem) -> None:
    """Write a set's file; a refused picture is reported in it, not a failure. Raises as `write_output`."""
    dataset = ConsensusSet.objects.get(pk=item.subject)
    start_job(dataset)
    dataset.rows.exclude(refused=NAMED).update(refused="")  # what an attempt before could not draw may be there by now
    write_output(
        item,
        dataset,
        write=lambda path: _write_archive(path, dataset, item),
        done=lambda: _end(dataset, state=State.DONE),
        nothing=NO_PICTURES,
    )


def _write_archive(path: Path, dataset: ConsensusSet, item: OutboxItem) -> int:
    """Write the archive; return how many pictures it holds."""
    rows = dataset.rows.select_related("case__instance__series", "case__series__study").order_by("case__number")
    pictures, refusals = [], []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for done, row in enumerate(rows, start=1):
            try:
                one, files = load_picture(row, dataset)
            except api.Refused as refused:
                refusals.append(str(refused)[:300])
                ConsensusRow.objects.filter(pk=row.pk).update(refused=refusals[-1])
            else:
                for name, content in files.items():
                    _add_file(archive, name, content)
                pictures.append(one)
            report_progress(item, dataset, objects_done=done)
        _add_file(archive, "manifest.csv", format_manifest(pictures, dataset))
        _add_file(archive, "boxes.csv", format_boxes(pictures))
        _add_file(archive, "campaign.json", format_campaign(dataset, pictures, refusals))
    return len(pictures)


def _add_file(archive: zipfile.ZipFile, name: str, content: str | bytes) -> None:
    """Add a file without its date, so that the same set gives the same bytes."""
    archive.writestr(zipfile.ZipInfo(name), content)


def _end(dataset: ConsensusSet, *, state: str, reason: str = "") -> None:
    """End the job and record its result in the audit trail."""
    end_job(dataset, state=state, reason=reason)
    refusals = dataset.rows.exclude(refused="").count()
    audit_record(
        code=Code.SET_MADE,
        actor="export",
        success=state == State.DONE,
        details=f"campaign {dataset.campaign_id}, set {dataset.number}: {reason or f'{refusals} pictures stayed'}",
    )


def _put_off(item: OutboxItem) -> None:
    put_off_job(ConsensusSet.objects.get(pk=item.subject))


def _failed(item: OutboxItem, _why: str) -> None:
    _end(ConsensusSet.objects.get(pk=item.subject), state=State.FAILED, reason=item.reason)


def _requeue(item: OutboxItem, user: User, request: HttpRequest) -> None:
    dataset_requeue(dataset=ConsensusSet.objects.get(pk=item.subject), user=user, request=request)


register(
    Kind(
        name=DATASET,
        title="Training set of a campaign",
        group=Group.SHARING,
        policy=POLICY,
        handle=write_dataset,
        put_off=_put_off,
        failed=_failed,
        retried=_requeue,
        page=lambda subject: reverse("campaign-set", args=[subject]),
    )
)
