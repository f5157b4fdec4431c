"""The client library that others wrote, against a running server."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest
import requests
from dicomweb_client.api import DICOMwebClient
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection, connections
from django.test import Client
from django.test.testcases import QuietWSGIRequestHandler
from pydicom.uid import RLELossless

from tests.phantoms import dicom, pictures
from tests.webapp.exchange.dicomweb.answers import ROOT, uids
from tests.webapp.exchange.dicomweb.conftest import Sender
from webapp.imaging.archive.models import Instance


class Shared(ThreadedWSGIServer):
    """A server whose threads leave the test's connection open."""

    def _close_connections(self) -> None:
        """Close nothing."""


@pytest.fixture
def server(db: None) -> Iterator[str]:  # noqa: ARG001 - asks for the database
    """A server on the test's own transaction: the audit trail refuses to be emptied, as pytest's own server asks."""
    connection.inc_thread_sharing()
    for signal in (request_started, request_finished):  # Django would close what is in the midst of a transaction.
        signal.disconnect(close_old_connections)
    shared = {"default": connections["default"]}
    web = Shared(("127.0.0.1", 0), QuietWSGIRequestHandler, allow_reuse_address=False, connections_override=shared)
    web.set_app(WSGIHandler())
    thread = threading.Thread(target=web.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{web.server_port}"
    finally:
        web.shutdown()
        web.server_close()
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)
        connection.dec_thread_sharing()


@pytest.fixture
def client(server: str, sender: Sender) -> Iterator[DICOMwebClient]:
    """The client, signed in as the clinician by the cookie of their browser."""
    browser = Client()
    browser.force_login(sender.user)
    token = "t" * 32
    with requests.Session() as session:
        session.cookies.update({"sessionid": browser.cookies["sessionid"].value, "csrftoken": token})
        session.headers["X-CSRFToken"] = token
        yield DICOMwebClient(f"{server}{ROOT}", session=session)


def test_store_search_and_retrieve(client: DICOMwebClient) -> None:
    objects = dicom.series(3, SeriesDescription="thin")
    first = objects[0]
    stored = client.store_instances(objects)
    assert len(stored.ReferencedSOPSequence) == Instance.objects.count() == 3
    assert "FailedSOPSequence" not in stored
    (study,) = client.search_for_studies(search_filters={"PatientName": dicom.CANARY.lower()}, fuzzymatching=True)
    assert study["00201208"]["Value"] == [3]
    (series,) = client.search_for_series(first.StudyInstanceUID, search_filters={"SeriesDescription": "th?n"})
    assert series["0020000E"]["Value"] == [first.SeriesInstanceUID]
    assert len(client.search_for_instances(first.StudyInstanceUID, first.SeriesInstanceUID, limit=2)) == 2
    where = (first.StudyInstanceUID, first.SeriesInstanceUID)
    assert uids(client.retrieve_study(first.StudyInstanceUID)) == uids(objects)
    assert uids(client.retrieve_series(*where)) == uids(objects)
    instance = client.retrieve_instance(*where, first.SOPInstanceUID)
    assert (instance.PixelData, instance.PatientName) == (first.PixelData, first.PatientName)
    assert len(client.retrieve_study_metadata(first.StudyInstanceUID)) == 3
    header = client.retrieve_instance_metadata(*where, first.SOPInstanceUID)
    # This client names its host without the port, and so does the address that it is told.
    bulk = header["7FE00010"]["BulkDataURI"].partition(f"{ROOT}/")[2]
    assert b"".join(client.retrieve_bulkdata(f"{client.base_url}/{bulk}")) == first.PixelData


@pytest.mark.parametrize("packed", [False, True])
def test_frames_and_pictures(client: DICOMwebClient, packed: bool) -> None:  # noqa: FBT001 - a parameter of the test
    ds = dicom.image(np.stack([pictures.disc(seed=number) for number in range(3)]))
    pixels = ds.pixel_array
    if packed:
        ds.compress(RLELossless, generate_instance_uid=False)
    client.store_instances([ds])
    where = (ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SOPInstanceUID)
    plain = client.retrieve_instance_frames(*where, [3, 1], media_types=(("application/octet-stream",)))
    assert plain == [pixels[2].tobytes(), pixels[0].tobytes()]
    if packed:
        stored = client.retrieve_instance_frames(*where, [1], media_types=(("image/dicom-rle", RLELossless),))
        assert stored[0] in ds.PixelData
    assert client.retrieve_instance_frames_rendered(*where, [2], media_types=("image/png",)).startswith(b"\x89PNG")
    assert client.retrieve_instance_rendered(*where, media_types=("image/jpeg",)).startswith(b"\xff\xd8")


def test_what_is_not_there_and_what_is_refused(client: DICOMwebClient) -> None:
    ds = dicom.image()
    with pytest.raises(requests.HTTPError, match="404"):
        client.retrieve_study_metadata(ds.StudyInstanceUID)
    client.store_instances([ds])
    ds.StudyDescription = "changed"
    with pytest.raises(requests.HTTPError, match="409"):
        client.store_instances([ds])
