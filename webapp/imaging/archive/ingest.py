"""Ingest, the only way into the archive: each file is inspected, stored and recorded, and gets a result of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from webapp.foundation.accounts.models import Site, User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.imaging.archive.models import Instance
from webapp.imaging.archive.object_store import Bytes, digest_file, digest_picture, store_bytes
from webapp.imaging.archive.repository import HeaderConflictError, find_instance, is_picture_of, persist_instance
from webapp.imaging.archive.zip_upload import is_zip, printable_name, unpack_members
from workers import api, storage

OTHER_STUDY_ASKED = "The object belongs to a different study from the one it was sent to. It was not stored."
NO_OBJECT = "This is not a DICOM object; pictures and archives are taken by the upload page."
EMPTIED = "Stored. Its preamble held bytes that do not belong to an image; it was cleared."
NOT_AS_ANNOUNCED = "The object is not the one its sender announced: SOP class or SOPInstanceUID differ."
Fault = Literal["", "index", "unreadable", "contradicts", "not as announced"]


class NoSite(Exception):  # noqa: N818 - a response to the sender, not a fault of the program
    """The user has no site, so their files would belong to none."""


@dataclass(frozen=True)
class ObjectUids:
    """The study, series and SOP instance UID of an object, and its SOP class UID; "" where unknown."""

    study: str = ""
    series: str = ""
    instance: str = ""
    sop_class: str = ""


@dataclass(frozen=True)
class Announced:
    """The UIDs that a C-STORE request states ahead of the data set (PS3.7 9.1.1.1); the object must have the same."""

    sop_class_uid: str
    sop_instance_uid: str


class AnnouncementMismatchError(api.Refused):
    """The object's UIDs differ from those that its sender announced."""


@dataclass(frozen=True)
class IngestResult:
    """The outcome of ingesting one file.

    Attributes
    ----------
    name
        The sender's file name; never stored, since file names often contain patients' names.
    reason
        A plain sentence for the sender; "" if there is nothing to report.
    study, series
        Where it was stored; None if it was refused.
    uids
        The object's UIDs, as far as they could be read.
    fault
        The kind of refusal, for protocols with a status code for each; "" if it was not refused.
    """

    name: str
    status: Literal["stored", "duplicate", "refused"]
    reason: str = ""
    study: UUID | None = None
    series: UUID | None = None
    uids: ObjectUids = ObjectUids()
    fault: Fault = ""


@dataclass(frozen=True)
class _Sender:
    """The sender of a file, and what is accepted from it: any file, or only DICOM objects (of one study)."""

    user: User
    site: Site
    request: HttpRequest | None
    actor: str = ""
    address: str = ""
    announced: Announced | None = None
    objects_only: bool = False
    study_asked: str = ""

    def record(self, *, code: Code, weighed: Bytes, said: str, study: UUID | None = None) -> None:
        """Write to the audit trail. The file is identified by its digest: its name may be a patient's."""
        audit_record(
            code=code,
            user=self.user,
            request=self.request,
            actor=self.actor,
            address=self.address,
            study=study,
            success=code == Code.UPLOADED,
            details=f"sha256 {weighed.original_sha256}: {said}",
        )


def ingest_file(
    *,
    path: Path,
    name: str,
    user: User,
    request: HttpRequest | None = None,
    actor: str = "",
    address: str = "",
    announced: Announced | None = None,
) -> list[IngestResult]:
    """Ingest one file: a DICOM object, a picture, or a zip archive of them.

    Parameters
    ----------
    path
        The file, which the caller removes afterwards.
    name
        The sender's name for it.
    user
        The user who sends it; everything stored belongs to their site.
    request
        The HTTP request, from which the audit trail takes the client's address.
    actor
        The sender's name in the audit trail, if one account stands for several senders.
    address
        The sender's address in the audit trail, if there is no HTTP request.
    announced
        The UIDs that its sender announced; an object with other UIDs is refused.

    Returns
    -------
    list of IngestResult
        One result; for a zip archive, one for each of its members.

    Raises
    ------
    NoSite
        If the user has no site.
    OSError, django.db.DatabaseError
        If the disk or the database fails. The files ingested before are complete, and sending them again is harmless.
    """
    if user.site is None:
        raise NoSite
    sender = _Sender(user, user.site, request, actor, address, announced)
    if not is_zip(path):
        return [_one(path, printable_name(name), sender)]
    return _archive(path, printable_name(name), sender)


def ingest_object(*, path: Path, user: User, request: HttpRequest | None, study: str = "") -> IngestResult:
    """Ingest one file that must be a DICOM object; otherwise like `ingest_file`, with the same errors.

    Parameters
    ----------
    path, user, request
        See `ingest_file`.
    study
        The StudyInstanceUID that it must have; "" for any.

    Returns
    -------
    IngestResult
        With an empty name.
    """
    if user.site is None:
        raise NoSite
    return _one(path, "", _Sender(user, user.site, request, objects_only=True, study_asked=study))


def _archive(path: Path, name: str, sender: _Sender) -> list[IngestResult]:
    filed: list[IngestResult] = []
    try:
        for member in unpack_members(path, largest=settings.UPLOAD_LARGEST_BYTES):
            if member.path is None:
                sender.record(code=Code.UPLOAD_REFUSED, weighed=digest_file(path), said=member.reason)
                filed.append(IngestResult(member.name, "refused", member.reason))
            else:
                filed.append(_one(member.path, member.name, sender))
    except api.Refused as refused:
        sender.record(code=Code.UPLOAD_REFUSED, weighed=digest_file(path), said=str(refused))
        filed.append(IngestResult(name, "refused", str(refused)))
    return filed


def _one(path: Path, name: str, sender: _Sender) -> IngestResult:
    weighed, uids = digest_file(path), ObjectUids()
    try:
        if known := find_instance(site=sender.site, original_sha256=weighed.original_sha256):
            uids = _uids_known(known)
            _check_asked(uids, sender, is_object=not is_picture_of(known, weighed))
            return _duplicate(name, known, weighed, sender)
        with _inspected(path, sender) as (found, wrapped):
            uids = _uids_found(found)
            _check_asked(uids, sender, is_object=found.kind == "dicom")
            _check_announced(found, sender.announced)
            if found.kind == "picture":
                weighed = digest_picture(wrapped, original_sha256=weighed.original_sha256)
            with store_bytes(weighed), transaction.atomic():
                instance, is_new = persist_instance(found=found, weighed=weighed, site=sender.site, user=sender.user)
                if not is_new:
                    return _duplicate(name, instance, weighed, sender)
                # In the same transaction: what cannot be audited is not stored.
                sender.record(code=Code.UPLOADED, weighed=weighed, said="stored", study=instance.series.study_id)
    except api.Refused as refused:
        sender.record(code=Code.UPLOAD_REFUSED, weighed=weighed, said=str(refused))
        return IngestResult(name, "refused", str(refused), uids=uids, fault=_fault(refused))
    reason = EMPTIED if weighed.is_emptied else ""
    return IngestResult(name, "stored", reason, instance.series.study_id, instance.series_id, uids)


@contextmanager
def _inspected(path: Path, sender: _Sender) -> Iterator[tuple[api.Inspection, Path]]:
    """Yield the inspection of a file, and the temporary path of the DICOM object that wraps it if it is a picture."""
    if sender.objects_only and is_zip(path):
        raise api.Refused(NO_OBJECT)
    wrapped = storage.temporary()
    try:
        yield api.inspect(path, wrapped=wrapped), wrapped
    finally:
        wrapped.unlink(missing_ok=True)


def _check_announced(found: api.Inspection, announced: Announced | None) -> None:
    if announced and announced != Announced(found.sop_class_uid, found.sop_instance_uid):
        raise AnnouncementMismatchError(NOT_AS_ANNOUNCED)


def _fault(refused: api.Refused) -> Fault:
    if isinstance(refused, AnnouncementMismatchError):
        return "not as announced"
    if str(refused) == api.IS_INDEX:
        return "index"
    return "contradicts" if isinstance(refused, HeaderConflictError) else "unreadable"


def _duplicate(name: str, known: Instance, weighed: Bytes, sender: _Sender) -> IngestResult:
    sender.record(code=Code.UPLOADED, weighed=weighed, said="already stored", study=known.series.study_id)
    said = "The same file is stored already."
    return IngestResult(name, "duplicate", said, known.series.study_id, known.series_id, _uids_known(known))


def _check_asked(uids: ObjectUids, sender: _Sender, *, is_object: bool) -> None:
    """Refuse a picture where only DICOM objects are accepted, and an object of a study other than the requested one."""
    if sender.objects_only and not is_object:
        raise api.Refused(NO_OBJECT)
    if sender.study_asked and uids.study != sender.study_asked:
        raise api.Refused(OTHER_STUDY_ASKED)


def _uids_found(found: api.Inspection) -> ObjectUids:
    return ObjectUids(found.study_instance_uid, found.series_instance_uid, found.sop_instance_uid, found.sop_class_uid)


def _uids_known(known: Instance) -> ObjectUids:
    series = known.series
    return ObjectUids(
        series.study.study_instance_uid, series.series_instance_uid, known.sop_instance_uid, known.sop_class_uid
    )
