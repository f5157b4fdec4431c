"""Sending by STOW-RS (PS3.18 10.5), with one object per request, so that each gets a response of its own."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import requests
from dicomweb_client.web import DICOMwebClient
from django.conf import settings
from pydicom.dataset import Dataset
from requests.auth import AuthBase, HTTPBasicAuth

from webapp.exchange.routing.models import DeliveryObject, Destination
from webapp.exchange.routing.outcomes import Answer, PeerTroubleError, syntax_stored, unpacked
from workers import api, storage

#: Timeouts in seconds: to connect, and for the response.
PATIENCE = (10.0, 120.0)
#: Prefix of the environment variables that hold credentials; no other variable can be sent anywhere.
SECRETS = "READROOM_SEND_"
#: Failure reasons (PS3.18 Table I.2-2): transfer syntax not supported; out of resources (A7xx, high byte).
SYNTAX_UNKNOWN, OUT_OF_RESOURCES = 0xC122, 0xA7
BAD_REQUEST, CONFLICT, UNSUPPORTED = 400, 409, 415


class StowClient(DICOMwebClient):
    """A DICOMweb client that sends a file's bytes as they are instead of parsing and rewriting them."""

    def store_file(self, path: Path) -> Dataset:
        """Store one PS3.10 file; return the Store Instances Response."""
        stored = self._http_post_multipart_application_dicom(f"{self.base_url}/studies", [path.read_bytes()])
        assert isinstance(stored, Dataset)
        return stored


class Token(AuthBase):
    """Bearer token (RFC 6750)."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Return the request with the token in its Authorization header."""
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def send_by_stow(destination: Destination, items: Sequence[DeliveryObject]) -> Iterator[Answer]:
    """Send objects one after the other; yield the response to each.

    Raises
    ------
    PeerTroubleError
        If the service does not respond, or its response does not concern the object.
    """
    client = _client(destination)
    for item in items:
        try:
            yield _sent(client, item, destination)
        except api.Refused as refused:
            yield Answer(item, refused=f"Its stored file cannot be read: {refused}")


def echo(destination: Destination) -> None:
    """Search for one study, to check that the service responds and accepts us; raises as `send_by_stow`."""
    client = _client(destination)
    try:
        answer = client._session.get(f"{client.base_url}/studies", params={"limit": "1"}, timeout=5.0)
    except requests.RequestException as trouble:
        raise PeerTroubleError(_nobody(destination)) from trouble
    if answer.status_code in {401, 403} or answer.status_code >= 500:
        raise PeerTroubleError(f"{destination.url} answers {answer.status_code} {answer.reason}.")


def secret_of(destination: Destination) -> AuthBase | None:
    """Return the credentials of a destination from the environment: `user:password`, or a token; None if it needs none.

    Raises
    ------
    PeerTroubleError
        If the destination's variable is not set.
    """
    if not destination.credentials:
        return None
    secret = os.environ.get(f"{SECRETS}{destination.credentials}")
    if not secret:
        raise PeerTroubleError(f"The variable {SECRETS}{destination.credentials} is not set in the sending process.")
    user, colon, password = secret.partition(":")
    return HTTPBasicAuth(user.encode(), password.encode()) if colon else Token(secret)


def _client(destination: Destination) -> StowClient:
    session = requests.Session()
    session.auth = secret_of(destination)
    session.trust_env = False  # no .netrc passwords, and no proxy from the environment
    session.verify = settings.DICOM_TLS_AUTHORITY or True
    session.headers["Accept"] = "application/dicom+json"
    client = StowClient(destination.url.rstrip("/"), session=session, timeout=PATIENCE)
    client.set_http_retry_params(retry=False)
    return client


def _sent(client: StowClient, item: DeliveryObject, destination: Destination) -> Answer:
    """Send one object as stored, and again decompressed if the service does not support its transfer syntax."""
    if syntax_stored(item.instance):
        told = _store(client, storage.object_path(item.instance.sha256), destination)
        if told is not None and (reason := _failure(told, item)) != SYNTAX_UNKNOWN:
            return _answer(item, told, reason, destination)
    with unpacked(item.instance) as path:
        told = _store(client, path, destination)
    if told is None:
        return Answer(item, refused=f"{destination.name} does not take objects of this kind.")
    return _answer(item, told, _failure(told, item), destination)


def _store(client: StowClient, path: Path, destination: Destination) -> Dataset | None:
    """Send one object; return the service's response, or None if it does not accept the media type."""
    try:
        return client.store_file(path)
    except requests.HTTPError as refused:
        answer = refused.response
        if answer is None:  # cannot happen for an HTTP status, but the library's type allows it
            raise PeerTroubleError(_nobody(destination)) from refused
        if answer.status_code == UNSUPPORTED:
            return None
        if answer.status_code not in {BAD_REQUEST, CONFLICT}:
            raise PeerTroubleError(f"{destination.url} answers {answer.status_code} {answer.reason}.") from refused
        return _parsed(answer)
    except (requests.RequestException, OSError, ValueError, KeyError, TypeError) as trouble:
        raise PeerTroubleError(_nobody(destination)) from trouble


def _parsed(answer: requests.Response) -> Dataset:
    """Return the data set in an error response; an empty one if there is none."""
    try:
        return Dataset.from_json(answer.json())
    except Exception:  # noqa: BLE001 - pydicom may raise anything for foreign JSON
        return Dataset()


def _failure(told: Dataset, item: DeliveryObject) -> int | None:
    """Return the failure reason of an object; None if it was stored, 0 if the response gives no reason."""
    uid = item.instance.sop_instance_uid
    stored = {one.get("ReferencedSOPInstanceUID") for one in told.get("ReferencedSOPSequence") or ()}
    if uid in stored:
        return None
    failed = told.get("FailedSOPSequence") or ()
    return next((int(one.get("FailureReason") or 0) for one in failed), 0)


def _answer(item: DeliveryObject, told: Dataset, reason: int | None, destination: Destination) -> Answer:
    if reason is None:
        return Answer(item)
    if reason >> 8 == OUT_OF_RESOURCES:
        raise PeerTroubleError(f"{destination.name} is out of resources ({reason:04X}).")
    if not told:
        raise PeerTroubleError(f"{destination.url} does not say that it stored what was sent.")
    return Answer(item, refused=f"{destination.name} answered {reason:04X}.")


def _nobody(destination: Destination) -> str:
    return f"{destination.url} does not answer as a DICOMweb service does."
