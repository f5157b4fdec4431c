"""STOW-RS: what was sent goes through the one intake, and the answer says what became of each (PS3.18 10.5)."""

from collections.abc import Iterable, Sequence

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import APIException, PermissionDenied

from webapp.exchange.dicomweb.base import DICOM, JSON, MULTIPART, BadRequest, parameters_of
from webapp.exchange.dicomweb.dicom_json import RETRIEVE, Dataset, element, encode, retrieve_url, root_url
from webapp.exchange.dicomweb.multipart import SentPart, body_sent, parts_sent
from webapp.foundation.accounts.models import User
from webapp.imaging.archive import repository
from webapp.imaging.archive.api import TooLarge
from webapp.imaging.archive.ingest import OTHER_STUDY_ASKED, IngestResult, NoSite, ingest_object

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


class UnsupportedMediaType(APIException):
    """The body is not of the kind that is stored."""

    status_code = 415
    default_detail = 'Send multipart/related; type="application/dicom".'


def check_media_type(request: HttpRequest) -> str:
    """Return the boundary of a body that can be stored.

    Raises
    ------
    UnsupportedMediaType
        If it is no multipart body of DICOM objects.
    """
    media, parameters = parameters_of(request.META.get("CONTENT_TYPE", ""))
    if media != MULTIPART or parameters.get("type", DICOM) != DICOM:
        raise UnsupportedMediaType
    return parameters.get("boundary", "")


def store_response(request: HttpRequest, *, user: User, study: str, boundary: str) -> HttpResponse:
    """Store what was sent and answer with what became of each: 200 all, 202 some, 409 none of them stored.

    Raises
    ------
    TooLarge, BadRequest
        If the body is larger than is taken, breaks off, or holds no part.
    PermissionDenied
        If the user belongs to no site.
    OSError, django.db.DatabaseError
        See `webapp.imaging.archive.ingest.ingest_file`.
    """
    largest = settings.UPLOAD_LARGEST_BYTES
    if int(request.META.get("CONTENT_LENGTH") or 0) > largest:
        raise TooLarge
    parts = parts_sent(body_sent(request), boundary=boundary, largest=largest)
    try:
        filed = _take_in(parts=parts, user=user, request=request, study=study)
    except NoSite as error:
        raise PermissionDenied("Your account belongs to no site, so nothing can be stored for it.") from error
    if not filed:
        raise BadRequest("The body holds no part.")
    return HttpResponse(encode(_told(request=request, filed=filed)), status=_status(filed), content_type=JSON)


def _take_in(*, parts: Iterable[SentPart], user: User, request: HttpRequest, study: str) -> list[IngestResult]:
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


def _status(filed: Sequence[IngestResult]) -> int:
    """Return the status of the whole answer."""
    refused = sum(one.status == "refused" for one in filed)
    if not refused:
        return ALL_STORED
    return NONE_STORED if refused == len(filed) else SOME_STORED


def _told(*, request: HttpRequest, filed: Sequence[IngestResult]) -> Dataset:
    """Return the Store Instances Response (PS3.18 annex I) as DICOM JSON; error comments are our sentences."""
    stored = [one for one in filed if one.status != "refused"]
    refused = [one for one in filed if one.status == "refused"]
    studies = {one.uids.study for one in stored}
    told: Dataset = {}
    if len(studies) == 1:
        told[RETRIEVE] = element("UR", retrieve_url(root_url(request), studies.pop()))
    if refused:
        told["00081198"] = {"vr": "SQ", "Value": [_failed(one) for one in refused]}
    if stored:
        told["00081199"] = {"vr": "SQ", "Value": [_referenced(request, one) for one in stored]}
    return told


def _referenced(request: HttpRequest, filed: IngestResult) -> Dataset:
    uids = filed.uids
    return {
        **_object(filed),
        RETRIEVE: element("UR", retrieve_url(root_url(request), uids.study, uids.series, uids.instance)),
    }


def _failed(filed: IngestResult) -> Dataset:
    return {
        **_object(filed),
        "00000902": element("LO", filed.reason[:64]),
        "00081197": element("US", REASONS.get(filed.reason, NOT_UNDERSTOOD)),
    }


def _object(filed: IngestResult) -> Dataset:
    uids = {"00081150": filed.uids.sop_class, "00081155": filed.uids.instance}
    return {tag: element("UI", uid) for tag, uid in uids.items() if uid}
