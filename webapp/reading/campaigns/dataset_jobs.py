"""Making the files of sets behind the pages, as exports are made (`webapp.foundation.outbox.file_jobs`)."""

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
from webapp.reading.campaigns.dataset_files import boxes_of, campaign_of, held, manifest_of
from webapp.reading.campaigns.dataset_snapshot import DATASET, NAMED, set_queue_again
from webapp.reading.campaigns.models import ConsensusRow, ConsensusSet
from workers import api

State = ConsensusSet.State
NOTHING = "No picture could be exported; the reasons are below."


def make_set(item: OutboxItem) -> None:
    """Write a set's file; a picture that cannot leave is reported in it, not a failure. Raises as `write_output`."""
    made = ConsensusSet.objects.get(pk=item.subject)
    start_job(made)
    made.rows.exclude(refused=NAMED).update(refused="")  # what an attempt before could not draw may be there by now
    write_output(
        item,
        made,
        write=lambda path: _write_archive(path, made, item),
        done=lambda: _end(made, state=State.DONE),
        nothing=NOTHING,
    )


def _write_archive(path: Path, made: ConsensusSet, item: OutboxItem) -> int:
    """Write the archive; return how many pictures it holds."""
    rows = made.rows.select_related("case__instance__series", "case__series__study").order_by("case__number")
    pictures, stayed = [], []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for done, row in enumerate(rows, start=1):
            try:
                one, files = held(row, made)
            except api.Refused as refused:
                stayed.append(str(refused)[:300])
                ConsensusRow.objects.filter(pk=row.pk).update(refused=stayed[-1])
            else:
                for name, content in files.items():
                    _added(archive, name, content)
                pictures.append(one)
            report_progress(item, made, objects_done=done)
        _added(archive, "manifest.csv", manifest_of(pictures, made))
        _added(archive, "boxes.csv", boxes_of(pictures))
        _added(archive, "campaign.json", campaign_of(made, pictures, stayed))
    return len(pictures)


def _added(archive: zipfile.ZipFile, name: str, content: str | bytes) -> None:
    """Add a file without the date of this one; so the same set gives the same bytes, too."""
    archive.writestr(zipfile.ZipInfo(name), content)


def _end(made: ConsensusSet, *, state: str, reason: str = "") -> None:
    """End the making and write down in the audit trail what became of it."""
    end_job(made, state=state, reason=reason)
    stayed = made.rows.exclude(refused="").count()
    audit_record(
        code=Code.SET_MADE,
        actor="export",
        success=state == State.DONE,
        details=f"campaign {made.campaign_id}, set {made.number}: {reason or f'{stayed} pictures stayed'}",
    )


def _put_off(item: OutboxItem) -> None:
    put_off_job(ConsensusSet.objects.get(pk=item.subject))


def _failed(item: OutboxItem, _why: str) -> None:
    _end(ConsensusSet.objects.get(pk=item.subject), state=State.FAILED, reason=item.reason)


def _retried(item: OutboxItem, user: User, request: HttpRequest) -> None:
    set_queue_again(made=ConsensusSet.objects.get(pk=item.subject), user=user, request=request)


register(
    Kind(
        name=DATASET,
        title="Training set of a campaign",
        group=Group.SHARING,
        policy=POLICY,
        handle=make_set,
        put_off=_put_off,
        failed=_failed,
        retried=_retried,
        page=lambda subject: reverse("campaign-set", args=[subject]),
    )
)
