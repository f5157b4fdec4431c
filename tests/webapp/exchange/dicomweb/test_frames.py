"""Frames, as data and as pictures."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image
from pydicom.encaps import get_frame
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, RLELossless

from tests.phantoms import dicom, pictures
from tests.webapp.exchange.dicomweb.answers import STORED_FRAMES, address, body_of, parts_of, series_address
from tests.webapp.exchange.dicomweb.conftest import Sender
from workers import api

pytestmark = pytest.mark.sqlite

SAMPLES = Path(pydicom.__file__).parent / "data" / "test_files"
PLAIN = 'multipart/related; type="application/octet-stream"'


def get(sender: Sender, ds: pydicom.Dataset, rest: str, accept: str = "*/*", **headers: str) -> Any:
    """Ask for something of an instance."""
    return sender.browser.get(address(ds, rest), headers={"Accept": accept, **headers})


def cine(count: int = 3, **elements: Any) -> pydicom.FileDataset:
    """Return a drawing of several frames."""
    pixels = np.stack([pictures.disc(seed=number).astype(np.uint16) + 500 for number in range(count)])
    return dicom.image(pixels, **{"WindowCenter": 620, "WindowWidth": 300, **elements})


def test_plain_frames_come_as_they_lie(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    ds = cine()
    sender.send(ds)
    for name in ("inspect", "unpack", "unpack_frames", "draw"):  # nothing is parsed to serve a frame
        monkeypatch.setattr(api, name, None)
    length = 96 * 80 * 2
    frames = [ds.PixelData[start : start + length] for start in (0, length, 2 * length)]
    for accept in ("*/*", PLAIN, STORED_FRAMES):
        parts = parts_of(get(sender, ds, "/frames/3,1", accept))
        assert parts == [
            (f"application/octet-stream; transfer-syntax={ExplicitVRLittleEndian}", frames[n]) for n in (2, 0)
        ]
    alone = get(sender, ds, "/frames/2", "application/octet-stream")
    assert (alone.status_code, body_of(alone)) == (200, frames[1])
    assert get(sender, ds, "/frames/1,2", "application/octet-stream").status_code == 406


@pytest.mark.parametrize(
    ("name", "media"),
    [
        ("examples_ybr_color.dcm", "image/jpeg"),
        ("SC_rgb_rle_2frame.dcm", "image/dicom-rle"),
        ("JPEG2000.dcm", "image/jp2"),
        ("MR_small_jpeg_ls_lossless.dcm", "image/jls"),
    ],
)
def test_packed_frames_come_packed_or_decoded(sender: Sender, name: str, media: str) -> None:
    ds = pydicom.dcmread(SAMPLES / name)
    sender.send(SAMPLES / name)
    count, syntax = int(ds.get("NumberOfFrames") or 1), ds.file_meta.TransferSyntaxUID
    stored = get_frame(ds.PixelData, count - 1, number_of_frames=count)
    last = f"/frames/{count}"
    assert parts_of(get(sender, ds, last)) == [(f"{media}; transfer-syntax={syntax}", stored)]
    assert parts_of(get(sender, ds, last, f'multipart/related; type="{media}"'))[0][1] == stored
    assert parts_of(get(sender, ds, last, STORED_FRAMES)) == [
        (f"application/octet-stream; transfer-syntax={syntax}", stored)
    ]
    ((kind, plain),) = parts_of(get(sender, ds, last, PLAIN))
    pixels = ds.pixel_array[-1] if count > 1 else ds.pixel_array
    assert (kind, plain) == (f"application/octet-stream; transfer-syntax={ExplicitVRLittleEndian}", pixels.tobytes())
    assert body_of(get(sender, ds, last, media)) == stored
    assert get(sender, ds, last, 'multipart/related; type="image/jphc"').status_code == 406


def test_big_endian_frames_come_the_usual_way_round(sender: Sender) -> None:
    ds = cine(syntax=ExplicitVRBigEndian)
    usual = ds.PixelData
    ds.PixelData = np.frombuffer(usual, "<u2").astype(">u2").tobytes()
    sender.send(ds)
    assert b"".join(content for _, content in parts_of(get(sender, ds, "/frames/1,2,3"))) == usual


@pytest.mark.parametrize(
    ("frames", "status"), [("4", 404), ("0", 400), ("1,0", 400), ("1,4", 404), ("x", 404), ("", 404)]
)
def test_frames_that_are_not_there(sender: Sender, frames: str, status: int) -> None:
    ds = cine()
    sender.send(ds)
    assert get(sender, ds, f"/frames/{frames}").status_code == status


@pytest.mark.parametrize(
    ("asked", "status", "part", "told"),
    [
        ("bytes=0-9", 206, slice(0, 10), "bytes 0-9/15360"),
        ("bytes=15350-", 206, slice(15350, None), "bytes 15350-15359/15360"),
        ("bytes=-10", 206, slice(-10, None), "bytes 15350-15359/15360"),
        ("bytes=15000-99999", 206, slice(15000, None), "bytes 15000-15359/15360"),
        ("bytes=20000-", 416, slice(0, 0), "bytes */15360"),
        ("bytes=9-3", 200, slice(None), None),
        ("bytes=-0", 416, slice(0, 0), "bytes */15360"),
        ("bytes=-", 200, slice(None), None),
        ("lines=1-2", 200, slice(None), None),
        ("bytes=0-1,4-5", 200, slice(None), None),
    ],
)
def test_a_range_of_a_frame(sender: Sender, asked: str, status: int, part: slice, told: str | None) -> None:
    ds = cine(1)
    sender.send(ds)
    answer = get(sender, ds, "/frames/1", "application/octet-stream", Range=asked)
    assert (answer.status_code, answer.headers.get("Content-Range")) == (status, told)
    assert body_of(answer) == ds.PixelData[part]
    changed = get(sender, ds, "/frames/1", "application/octet-stream", **{"Range": asked, "If-Range": '"old"'})
    assert changed.status_code == 200


def test_a_frame_costs_the_same_whichever_it_is(sender: Sender) -> None:
    ds = cine(40)
    sender.send(ds)
    get(sender, ds, "/frames/1")  # the first look is written to the audit trail
    for number in (1, 40):
        with CaptureQueriesContext(connection) as asked:
            assert get(sender, ds, f"/frames/{number}", "application/octet-stream").status_code == 200
        assert len(asked) <= 4  # session, user, the frame with its study and index, the audit trail's look


def picture(answer: Any) -> Image.Image:
    """Open a drawn frame."""
    assert answer.status_code == 200, answer.content
    return Image.open(io.BytesIO(body_of(answer)))


def test_a_series_and_a_study_are_drawn_frame_by_frame(sender: Sender) -> None:
    ds = cine(3)
    still = dicom.image(StudyInstanceUID=ds.StudyInstanceUID)
    sender.send(ds, still)
    drawn = parts_of(sender.browser.get(series_address(ds, "/rendered?viewport=40,40")))
    assert [(kind, Image.open(io.BytesIO(content)).size) for kind, content in drawn] == [("image/jpeg", (33, 40))] * 3
    study = f"/dicomweb/studies/{ds.StudyInstanceUID}/rendered"
    assert len(parts_of(sender.browser.get(study, headers={"Accept": 'multipart/related; type="image/png"'}))) == 4
    assert sender.browser.get(study, headers={"Accept": "image/png"}).status_code == 406
    alone = sender.browser.get(series_address(still, "/rendered"), headers={"Accept": "image/png"})
    assert picture(alone).format == "PNG"


def test_a_frame_is_drawn_through_its_own_window_or_another(sender: Sender) -> None:
    ds = cine()
    sender.send(ds)
    drawn = picture(get(sender, ds, "/rendered"))
    assert (drawn.format, drawn.size) == ("JPEG", (80, 96))
    assert picture(get(sender, ds, "/frames/2/rendered", "image/png")).format == "PNG"
    middle = (40, 48)
    shades = {
        window: picture(get(sender, ds, f"/frames/2/rendered?window={window}", "image/png")).getpixel(middle)
        for window in ("620,300", "700,20,linear", "900,20,linear-exact", "700,1000,sigmoid")
    }
    assert (shades["900,20,linear-exact"], shades["620,300"]) == (
        0,
        picture(get(sender, ds, "/frames/2/rendered", "image/png")).getpixel(middle),
    )
    assert shades["700,1000,sigmoid"] in range(120, 136)


def test_a_picture_has_the_size_and_part_that_is_asked_for(sender: Sender) -> None:
    ds = cine(1)
    sender.send(ds)
    assert picture(get(sender, ds, "/rendered?viewport=40,40")).size == (33, 40)
    assert picture(get(sender, ds, "/rendered?viewport=20,20,0,0,10,10", "image/png")).size == (20, 20)
    assert max(picture(get(sender, ds, "/thumbnail")).size) == 128
    for rest in (
        "/rendered?viewport=1",
        "/rendered?viewport=0,5",
        "/rendered?viewport=9,9,99,99,1,1",
        "/rendered?quality=0",
        "/rendered?window=1,0",
        "/rendered?window=a,b",
        "/rendered?window=1,2,3",
        "/frames/1,2/rendered",
    ):
        assert get(sender, ds, rest).status_code == 400, rest
    assert get(sender, ds, "/rendered", "image/gif").status_code == 406
    good, poor = (len(body_of(get(sender, ds, f"/rendered?quality={quality}"))) for quality in (95, 5))
    assert poor < good


def test_a_packed_object_whose_pixels_break_off_is_said_so(sender: Sender) -> None:
    ds = cine()
    ds.compress(RLELossless, generate_instance_uid=False)
    first = get_frame(ds.PixelData, 2, number_of_frames=3)
    ds.PixelData = ds.PixelData.replace(first, b"\xff" * len(first))
    sender.send(ds)
    assert len(parts_of(get(sender, ds, "/frames/3"))) == 1
    answer = get(sender, ds, "/frames/3", PLAIN)
    assert (answer.status_code, answer.json()["detail"]) == (
        406,
        "The pixels of the DICOM file are damaged and cannot be decoded.",
    )
