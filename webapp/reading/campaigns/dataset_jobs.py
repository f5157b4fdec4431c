"""Making the files of sets, apart from the request, as exports are made (`webapp.foundation.core.background_jobs`)."""

import zipfile
from pathlib import Path

from django.db import models, transaction
from django.utils import timezone

from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.foundation.core.background_jobs import claim_next, release_stale, renew_lease, write_output
from webapp.reading.campaigns.dataset_files import boxes_of, campaign_of, held, manifest_of
from webapp.reading.campaigns.dataset_snapshot import NAMED
from webapp.reading.campaigns.models import ConsensusRow, ConsensusSet
from workers import api, storage

State = ConsensusSet.State


def set_next() -> ConsensusSet | None:
    """Take the oldest set whose file waits, or whose maker died; None where there is none."""
    return claim_next(ConsensusSet, end=_end)


def sets_recover() -> int:
    """Take back what a process that died was making."""
    return release_stale(ConsensusSet)


def build_sets() -> int:
    """Make the next file; return how many were due."""
    made = set_next()
    if made is not None:
        set_make(made)
    return int(made is not None)


def set_make(made: ConsensusSet) -> None:
    """Write the set's file, which appears whole; a picture that cannot leave is told, not a failure."""
    made.rows.exclude(refused=NAMED).update(refused="")  # what an attempt before could not draw may be there by now
    write_output(
        made,
        write=lambda path, mine: _archive_written(path, made, mine),
        end=_end,
        nothing="No picture could leave; each has its reason below.",
    )


def _archive_written(path: Path, made: ConsensusSet, mine: models.QuerySet[ConsensusSet]) -> int:
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
            renew_lease(mine, objects_done=done)
        _added(archive, "manifest.csv", manifest_of(pictures, made))
        _added(archive, "boxes.csv", boxes_of(pictures))
        _added(archive, "campaign.json", campaign_of(made, pictures, stayed))
    return len(pictures)


def _added(archive: zipfile.ZipFile, name: str, content: str | bytes) -> None:
    """Add a file without the date of this one; so the same set gives the same bytes, too."""
    archive.writestr(zipfile.ZipInfo(name), content)


@transaction.atomic
def _end(mine: models.QuerySet[ConsensusSet], made: ConsensusSet, *, state: str, reason: str = "") -> None:
    """End the making and write down in the audit trail what became of it."""
    size = storage.export_path(made.pk).stat().st_size if state == State.DONE else 0
    if mine.update(state=state, reason=reason, finished_at=timezone.now(), file_size=size):
        stayed = made.rows.exclude(refused="").count()
        audit_record(
            code=Code.SET_MADE,
            actor="export",
            success=state == State.DONE,
            details=f"campaign {made.campaign_id}, set {made.number}: {reason or f'{stayed} pictures stayed'}",
        )
