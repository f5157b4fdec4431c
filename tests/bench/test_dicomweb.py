"""The comparison with other servers runs, and the web server that it starts is the one that people start."""

import io
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pydicom
import pytest
import requests
from dicomweb_client.api import DICOMwebClient

from bench.dicomweb.client import BOUNDARY, STOW, Connection, Place
from bench.dicomweb.material import template
from bench.dicomweb.measures import SMALL, Compared, searched
from bench.dicomweb.servers import _is_served, nginx, readroom
from bench.dicomweb.table import ABSENT, Row, _frames, _rates
from bench.ratio import Ratio
from tests.phantoms import dicom, pictures
from tests.servers import free_port


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Our web server, started as `make run` starts it, over twenty drawn studies."""
    with readroom(tmp_path_factory.mktemp("bench") / "data", studies=SMALL.few) as place:
        yield place


@pytest.fixture
def client(place: Place) -> Iterator[DICOMwebClient]:
    """The client library that others wrote, signed in by a token."""
    with requests.Session() as session:
        session.headers["Authorization"] = place.authorization
        yield DICOMwebClient(f"http://127.0.0.1:{place.port}{place.root}", session=session)


def test_a_client_with_a_token_stores_searches_and_retrieves(client: DICOMwebClient) -> None:
    ds = dicom.image(np.stack([pictures.disc(seed=number) for number in range(3)]))
    where = (ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SOPInstanceUID)
    assert len(client.store_instances([ds]).ReferencedSOPSequence) == 1
    (study,) = client.search_for_studies(search_filters={"StudyInstanceUID": ds.StudyInstanceUID}, fields=["all"])
    assert study["00201208"]["Value"] == [1]
    assert len(client.search_for_studies(limit=5, offset=2)) == 5
    stored = (("application/octet-stream", "*"),)
    for number in (3, 1, 2):
        assert client.retrieve_instance_frames(*where, [number], media_types=stored) == [
            ds.pixel_array[number - 1].tobytes()
        ]
    assert len(client.retrieve_instance_frames(*where, [1, 3], media_types=stored)) == 2
    assert client.retrieve_instance(*where).PixelData == ds.PixelData
    assert client.retrieve_series_rendered(*where[:2]).count(b"image/jpeg") == 3


def test_an_object_is_stored_in_chunks_of_unknown_length(place: Place, client: DICOMwebClient) -> None:
    (one,) = template(side=64).series(1)
    body = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode() + one.content
    body += f"\r\n--{BOUNDARY}--\r\n".encode()
    pieces = (body[start : start + 1000] for start in range(0, len(body), 1000))
    headers = {"Authorization": place.authorization, "Content-Type": STOW, "Accept": "application/dicom+json"}
    answer = requests.post(
        f"http://127.0.0.1:{place.port}{place.root}/studies", data=pieces, headers=headers, timeout=60
    )
    assert "Content-Length" not in answer.request.headers
    assert answer.status_code == 200
    kept = client.retrieve_instance(one.study, one.series, one.instance)
    assert kept.PixelData == pydicom.dcmread(io.BytesIO(one.content)).PixelData


def test_servers_are_asked_the_same_questions_in_turn(place: Place) -> None:
    one, other = searched([(place, SMALL.few), (place, SMALL.few)], SMALL)
    assert one.n == other.n == SMALL.searches * 11
    assert 0 < one.median <= one.p99


def test_a_refusal_is_no_answer(place: Place) -> None:
    with closing(Connection(Place(place.port, place.root))) as nobody, pytest.raises(ValueError, match="401"):
        nobody.get("/studies")


def test_a_row_says_how_the_two_compare() -> None:
    ratio = Ratio(2.5, 2.0, 3.0, 0.95, 1.0, 5, a_seconds=0.1, b_seconds=0.25)
    told = Compared(ratio, 10, mine=0.5, theirs=2.0)
    line = str(_rates("frames", told, Place(1, ""), "frames/s", "10 x"))
    assert line.startswith(
        "| frames | 100 frames/s, 0.50 ms | Orthanc: 40, 2.00 ms | 2.50 x [2.00, 3.00]; 4.00 x | 10 x |"
    )
    alone: Row = _rates("frames", told, None, "frames/s")
    assert (alone.other, alone.compared) == (f"Orthanc: {ABSENT}", "")


class Refusing(BaseHTTPRequestHandler):
    """Has nothing, as nginx says where it may not read its folder."""

    def do_GET(self) -> None:
        """Answer 404."""
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_server_that_does_not_give_the_file_is_left_out_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        assert not _is_served("nginx", Place(server.server_port, ""), "/file")
        server.shutdown()
    assert capsys.readouterr().err == "nginx is left out: GET /file: http/1.0 404 not found\n"
    assert not _is_served("nginx", Place(free_port(), ""), "/file", seconds=0.1)
    assert capsys.readouterr().err.startswith("nginx is left out: Waited ")


def test_a_server_that_is_not_installed_is_said_to_be_missing(place: Place, tmp_path: Path) -> None:
    with nginx(tmp_path, content=b"") as served:
        beside = "nginx: " if served else f"nginx: {ABSENT}"
    told = list(_frames(tmp_path / "frames", place, None, SMALL))
    assert [row.other for row in told[::3]] == [f"Orthanc: {ABSENT}"] * 2
    assert told[1].other.startswith(beside)


def test_each_object_is_another_one_of_the_same_length() -> None:
    pile = template(side=16).series(3)
    read = [pydicom.dcmread(io.BytesIO(one.content)) for one in pile]
    assert [ds.SOPInstanceUID for ds in read] == [one.instance for one in pile]
    assert len({ds.file_meta.MediaStorageSOPInstanceUID for ds in read}) == 3
    assert len({(ds.StudyInstanceUID, ds.SeriesInstanceUID) for ds in read}) == 1
    assert len({len(one.content) for one in pile}) == 1
