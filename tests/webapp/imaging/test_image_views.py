"""Frames: drawn once, kept by the reader's browser only, asked for again by tag."""

import io
from pathlib import Path

import numpy as np
import pytest
from django.test import Client
from PIL import Image

from tests.phantoms import pictures
from tests.webapp import factories
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.models import AuditEvent
from webapp.imaging.archive.models import Instance
from workers import storage

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite, pytest.mark.usefixtures("data_folder")]


def test_a_picture_comes_back_pixel_by_pixel(clinician: Client) -> None:
    pixels = pictures.disc(seed=42)
    instance = factories.picture_series(pixels=pixels).instances.get()
    answer = clinician.get(f"/frames/{instance.pk}/0.png")
    assert answer.headers["Content-Type"] == "image/png"
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(answer.content)).convert("L")), pixels)


def test_a_frame_is_drawn_once(clinician: Client, data_folder: Path) -> None:
    instance = factories.picture_series().instances.get()
    first = clinician.get(f"/frames/{instance.pk}/0.png")
    (cached,) = (data_folder / "cache").iterdir()
    drawn_at = cached.stat().st_mtime_ns
    storage.object_path(instance.sha256).unlink()
    assert clinician.get(f"/frames/{instance.pk}/0.png").content == first.content
    assert cached.stat().st_mtime_ns == drawn_at


def test_only_the_readers_own_browser_keeps_it_and_asks_again_by_tag(clinician: Client) -> None:
    instance = factories.picture_series().instances.get()
    answer = clinician.get(f"/frames/{instance.pk}/0.png")
    assert answer.headers["Cache-Control"] == "private, max-age=600"
    again = clinician.get(f"/frames/{instance.pk}/0.png", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_tag_opens_no_door(stranger: Client, clinician: Client) -> None:
    instance = factories.picture_series().instances.get()
    tag = clinician.get(f"/frames/{instance.pk}/0.png").headers["ETag"]
    assert stranger.get(f"/frames/{instance.pk}/0.png", headers={"If-None-Match": tag}).status_code == 404


@pytest.mark.parametrize("number", [1, 7, 10**9])
def test_a_frame_beyond_the_last_is_not_there(number: int, clinician: Client) -> None:
    instance = factories.picture_series().instances.get()
    assert clinician.get(f"/frames/{instance.pk}/{number}.png").status_code == 404


def test_an_object_without_an_image_has_no_frame(clinician: Client) -> None:
    instance = factories.report_instance(series=factories.series_of(factories.study()))
    assert clinician.get(f"/frames/{instance.pk}/0.png").status_code == 404


def test_a_damaged_object_is_answered_with_the_reason_and_leaves_nothing_behind(
    clinician: Client, data_folder: Path
) -> None:
    instance = factories.picture_series().instances.get()
    path = storage.object_path(instance.sha256)
    path.write_bytes(path.read_bytes()[:60])
    answer = clinician.get(f"/frames/{instance.pk}/0.png")
    assert (answer.status_code, answer.content.decode()) == (422, "The picture is damaged or cut short.")
    assert not list((data_folder / "cache").iterdir())
    assert not list((data_folder / "tmp").iterdir())


def test_the_same_bytes_at_two_sites_are_guarded_apart(clinician: Client, stranger: Client) -> None:
    pixels = pictures.disc(seed=5)
    ours = factories.picture_series(pixels=pixels).instances.get()
    theirs = factories.picture_series(pixels=pixels, at=factories.site("Other clinic")).instances.get()
    assert Instance.objects.filter(sha256=ours.sha256).count() == 2
    assert clinician.get(f"/frames/{ours.pk}/0.png").status_code == 200
    assert clinician.get(f"/frames/{theirs.pk}/0.png").status_code == 404
    assert stranger.get(f"/frames/{theirs.pk}/0.png").status_code == 200


def test_a_series_has_a_small_picture_of_its_middle(clinician: Client) -> None:
    series = factories.series_of(factories.study())
    for number, shade in enumerate((10, 200, 90)):
        pixels = np.full((300, 400), shade, np.uint8)
        pixels[0, :2] = 0, 255
        factories.slice_instance(series=series, pixels=pixels, position=number)
    answer = clinician.get(f"/thumbnails/{series.pk}.png")
    small = Image.open(io.BytesIO(answer.content))
    assert small.size == (112, 84)
    assert abs(int(np.asarray(small.convert("L"))[40, 60]) - 200) < 4
    again = clinician.get(f"/thumbnails/{series.pk}.png", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_what_holds_no_image_or_a_damaged_one_has_no_small_picture(clinician: Client) -> None:
    empty = factories.series_of(factories.study())
    factories.report_instance(series=empty)
    damaged = factories.picture_series()
    storage.object_path(damaged.instances.get().sha256).write_bytes(b"")
    for series in (empty, damaged):
        assert clinician.get(f"/thumbnails/{series.pk}.png").status_code == 404


def test_a_small_picture_in_the_list_is_no_look_at_the_study(clinician: Client) -> None:
    series = factories.picture_series()
    assert f"/thumbnails/{series.pk}.png" in clinician.get("/").content.decode()
    assert clinician.get(f"/thumbnails/{series.pk}.png").status_code == 200
    assert not AuditEvent.objects.filter(code=Code.STUDY_VIEWED).exists()
