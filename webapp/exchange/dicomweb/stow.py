"""What was sent goes through the one intake, and the answer says what became of each (PS3.18 10.5)."""

from collections.abc import Iterable, Sequence

from django.http import HttpRequest

from webapp.exchange.dicomweb.dicom_json import RETRIEVE, Element
from webapp.exchange.dicomweb.multipart_reader import SentPart
from webapp.exchange.dicomweb.negotiation import DICOM
from webapp.exchange.dicomweb.retrieve_urls import instance_address, study_address
from webapp.foundation.accounts.models import User
from webapp.imaging.archive import repository
from webapp.imaging.archive.ingest import OTHER_STUDY_ASKED, IngestResult, ingest_object

#: Failure reasons (PS3.18 table I.2-2, PS3.3 C.14.1.1) of refusals that are not about the bytes themselves.
DUPLICATE, PROCESSING, MISMATCH, NOT_UNDERSTOOD = 0x0111, 0x0110, 0xA900, 0xC000
REASONS = {
    repository.OTHER_CONTENTS: DUPLICATE,
    repository.OTHER_PATIENT: PROCESSING,
    repository.OTHER_STUDY: PROCESSING,
    repository.OTHER_PERSON: PROCESSING,
    OTHER_STUDY_ASKED: MISMATCH,
}
NOT_DICOM = "Each part must be application/dicom."
ALL_STORED, SOME_STORED, NONE_STORED = 200, 202, 409


def store_instances(*, parts: Iterable[SentPart], user: User, request: HttpRequest, study: str) -> list[IngestResult]:
    """Take in every part; one bad part never hurts the rest.

    Raises
    ------
    webapp.exchange.dicomweb.base.BadRequest
        If the body breaks off; what came before is stored.
    webapp.imaging.archive.ingest.NoSite, OSError, django.db.DatabaseError
        See `webapp.imaging.archive.ingest.ingest_file`.
    """
    return [
        ingest_object(path=part.path, user=user, request=request, study=study)
        if part.media in {"", DICOM}
        else IngestResult("", "refused", NOT_DICOM)
        for part in parts
    ]


def store_status(filed: Sequence[IngestResult]) -> int:
    """Return the status of the whole answer."""
    refused = sum(one.status == "refused" for one in filed)
    if not refused:
        return ALL_STORED
    return NONE_STORED if refused == len(filed) else SOME_STORED


def store_response(*, request: HttpRequest, filed: Sequence[IngestResult]) -> dict[str, Element]:
    """Return the Store Instances Response (PS3.18 annex I) as DICOM JSON; error comments are our sentences."""
    stored = [one for one in filed if one.status != "refused"]
    refused = [one for one in filed if one.status == "refused"]
    studies = {one.uids.study for one in stored}
    told: dict[str, Element] = {}
    if len(studies) == 1:
        told[RETRIEVE] = _element("UR", study_address(request, studies.pop()))
    if refused:
        told["00081198"] = {"vr": "SQ", "Value": [_failed(one) for one in refused]}
    if stored:
        told["00081199"] = {"vr": "SQ", "Value": [_referenced(request, one) for one in stored]}
    return told


def _referenced(request: HttpRequest, filed: IngestResult) -> dict[str, Element]:
    uids = filed.uids
    return {
        **_object(filed),
        RETRIEVE: _element("UR", instance_address(request, uids.study, uids.series, uids.instance)),
    }


def _failed(filed: IngestResult) -> dict[str, Element]:
    return {
        **_object(filed),
        "00000902": _element("LO", filed.reason[:64]),
        "00081197": _element("US", REASONS.get(filed.reason, NOT_UNDERSTOOD)),
    }


def _object(filed: IngestResult) -> dict[str, Element]:
    uids = {"00081150": filed.uids.sop_class, "00081155": filed.uids.instance}
    return {tag: _element("UI", uid) for tag, uid in uids.items() if uid}


def _element(vr: str, value: str | int) -> Element:
    return {"vr": vr, "Value": [value]}
