"""The one door by which files come in: looked into, stored, filed, and answered one by one."""

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


class NoSite(Exception):  # noqa: N818 - an answer to the sender, no error of ours
    """The user works at no site, so what they send belongs nowhere."""


@dataclass(frozen=True)
class ObjectUids:
    """Study, series and instance UID of an object, and its SOP class; empty where they are not known."""

    study: str = ""
    series: str = ""
    instance: str = ""
    sop_class: str = ""


@dataclass(frozen=True)
class Announced:
    """What a sender says of an object before sending it (PS3.7 9.1.1.1): it must be that one."""

    sop_class_uid: str
    sop_instance_uid: str


class AnnouncementMismatchError(api.Refused):
    """The object is another one than its sender said."""


@dataclass(frozen=True)
class IngestResult:
    """What became of one file.

    Attributes
    ----------
    name
        As its sender calls it; kept nowhere, since file names often name patients.
    reason
        A plain sentence for the sender, empty where there is nothing to say.
    study, series
        Where it is filed, None where it was refused.
    uids
        What the object calls itself, as far as it could be read.
    fault
        What kind of refusal it is, for protocols that have a number for each.
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
    """Who sends, and what they may send here: any file, or DICOM objects (of one study) alone."""

    user: User
    site: Site
    request: HttpRequest | None
    actor: str = ""
    address: str = ""
    announced: Announced | None = None
    objects_only: bool = False
    study_asked: str = ""

    def record(self, *, code: Code, weighed: Bytes, said: str, study: UUID | None = None) -> None:
        """Write to the audit trail. A file is named by its digest: its own name may be a patient's."""
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
    """Take one file in: a DICOM object, a picture, or a zip of them.

    Parameters
    ----------
    path
        Where its bytes lie for now; the caller removes them.
    name
        What its sender calls it.
    user
        Who sends it; what is stored belongs to their site.
    request
        For the audit trail's address.
    actor
        For the audit trail, where the account stands for several senders.
    address
        For the audit trail, of a sender who comes without a browser.
    announced
        What its sender said that it is; another object is refused.

    Returns
    -------
    list of Filed
        One entry a file; a zip yields one for each of its members.

    Raises
    ------
    NoSite
        If the user works at no site.
    OSError, django.db.DatabaseError
        If disk or database fail; everything answered before is whole, and sending again does no harm.
    """
    if user.site is None:
        raise NoSite
    sender = _Sender(user, user.site, request, actor, address, announced)
    if not is_zip(path):
        return [_one(path, printable_name(name), sender)]
    return _archive(path, printable_name(name), sender)


def ingest_object(*, path: Path, user: User, request: HttpRequest | None, study: str = "") -> IngestResult:
    """Take in one file that must be a DICOM object; the rules are those of `ingest_file`, and it raises the same.

    Parameters
    ----------
    path, user, request
        See `ingest_file`.
    study
        The StudyInstanceUID that it must have; empty for any.

    Returns
    -------
    Filed
        Without a name.
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
        with _looked_into(path, sender) as (found, wrapped):
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
def _looked_into(path: Path, sender: _Sender) -> Iterator[tuple[api.Inspection, Path]]:
    """Lend what a file is, and where the object lies for now that a picture becomes."""
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
    """Refuse what does not belong where it was sent."""
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
