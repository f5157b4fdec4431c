"""The index of what was stored before there was one, and the column that frames lie in."""

import io
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.phantoms import dicom, pictures
from tests.webapp import factories
from tests.webapp.exchange.dicomweb.conftest import Sender
from webapp.imaging.archive.frame_offsets import frame_fragments, pack_frame_offsets, read_fragments
from webapp.imaging.archive.models import Instance, InstanceIndex, Series, Study
from webapp.imaging.archive.object_store import sweep_objects
from workers import storage


def said() -> tuple[str, str]:
    """Run the command and return what it said, and of what it complained."""
    out, trouble = io.StringIO(), io.StringIO()
    call_command("index_objects", stdout=out, stderr=trouble)
    return out.getvalue().strip(), trouble.getvalue().strip()


def test_what_was_stored_before_is_indexed_once(sender: Sender) -> None:
    sender.send(*dicom.series(2, StudyTime="101500", StudyID="7", ReferringPhysicianName="House^G"), dicom.report())
    kept = list(InstanceIndex.objects.order_by("pk").values())
    InstanceIndex.objects.all().delete()
    Study.objects.update(study_id="", study_time="", referring_physician="")
    assert said() == ("3 objects indexed, 0 without an index.", "")
    assert list(InstanceIndex.objects.order_by("pk").values()) == kept
    study = Study.objects.exclude(study_id="").get()
    assert (study.study_id, study.study_time, study.referring_physician) == ("7", "101500", "House^G")
    assert said() == ("0 objects indexed, 0 without an index.", "")


def as_it_was_stored_before(instance: Instance, picture: Path) -> None:
    """Put a picture back as it lay before pictures were wrapped."""
    InstanceIndex.objects.filter(instance=instance).delete()
    storage.object_path(instance.sha256).unlink()
    digest = factories.stored(picture.read_bytes())
    Instance.objects.filter(pk=instance.pk).update(sha256=digest, sop_class_uid="", instance_number=None)
    Series.objects.filter(pk=instance.series_id).update(modality="")


@pytest.mark.parametrize("how", ["by the command", "when it is asked for"])
def test_a_picture_that_was_stored_before_becomes_an_object(sender: Sender, tmp_path: Path, how: str) -> None:
    picture = pictures.png(tmp_path / "a.png")
    sender.send(picture)
    new = Instance.objects.values().get()
    instance = Instance.objects.get()
    as_it_was_stored_before(instance, picture)
    assert sender.browser.get(f"/frames/{instance.pk}/0.png").status_code == 200
    if how == "by the command":
        assert said() == ("1 objects indexed, 0 without an index.", "")
    study, series = instance.series.study.study_instance_uid, instance.series.series_instance_uid
    where = f"/dicomweb/studies/{study}/series/{series}/instances/{instance.sop_instance_uid}"
    (told,) = sender.browser.get(f"{where}/metadata").json()
    assert (told["00080018"]["Value"], told["00080064"]["Value"]) == ([instance.sop_instance_uid], ["WSD"])
    assert Instance.objects.values().get() == new
    assert sender.browser.get(f"{where}/rendered").status_code == 200
    sweep_objects(older_than_seconds=-1)
    # A run that began with the picture may still read it, and answers under its name.
    assert storage.object_path(new["original_sha256"]).read_bytes() == picture.read_bytes()


def test_what_cannot_be_read_any_more_is_named_by_its_digest(sender: Sender) -> None:
    sender.send(*dicom.series(2))
    InstanceIndex.objects.all().delete()
    damaged, gone = Instance.objects.all()
    storage.object_path(damaged.sha256).write_bytes(b"damaged")
    storage.object_path(gone.sha256).unlink()
    told, trouble = said()
    assert told == "0 objects indexed, 2 without an index."
    assert all(one.sha256 in trouble for one in (damaged, gone))
    assert dicom.CANARY_ID not in trouble


@pytest.mark.parametrize(
    "frames", [[], [[(5, 3)]], [[(0, 2)], [(2, 2)]], [[(0, 1), (4, 2)], [(8, 1)], [(9, 1), (3, 1), (2, 1)]]]
)
def test_a_column_gives_back_what_it_was_given(frames: list[list[tuple[int, int]]]) -> None:
    packed = pack_frame_offsets(frames)
    assert [frame_fragments(packed, number) for number in range(len(frames))] == frames
    for number in (-1, len(frames)):
        with pytest.raises(IndexError):
            frame_fragments(packed, number)


def test_pieces_are_read_one_behind_the_other(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    assert read_fragments(tmp_path / "a", [(8, 2), (0, 3)]) == b"89012"
