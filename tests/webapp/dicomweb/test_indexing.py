"""The index of what was stored before there was one, and the column that frames lie in."""

import io
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.phantoms import dicom
from tests.webapp import factories
from tests.webapp.dicomweb.conftest import Sender
from webapp.studies.frames import frame_pieces, frames_packed, pieces_read
from webapp.studies.models import Instance, InstanceIndex, Study
from workers import storage


def said() -> tuple[str, str]:
    """Run the command and return what it said, and of what it complained."""
    out, trouble = io.StringIO(), io.StringIO()
    call_command("index_objects", stdout=out, stderr=trouble)
    return out.getvalue().strip(), trouble.getvalue().strip()


def test_what_was_stored_before_is_indexed_once(sender: Sender) -> None:
    sender.send(*dicom.series(2, StudyTime="101500", StudyID="7", ReferringPhysicianName="House^G"), dicom.report())
    factories.picture_series()
    kept = list(InstanceIndex.objects.order_by("pk").values())
    InstanceIndex.objects.all().delete()
    Study.objects.update(study_id="", study_time="", referring_physician="")
    assert said() == ("3 objects indexed, 0 without an index.", "")
    assert list(InstanceIndex.objects.order_by("pk").values()) == kept
    study = Study.objects.exclude(study_id="").get()
    assert (study.study_id, study.study_time, study.referring_physician) == ("7", "101500", "House^G")
    assert said() == ("0 objects indexed, 0 without an index.", "")


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
    packed = frames_packed(frames)
    assert [frame_pieces(packed, number) for number in range(len(frames))] == frames
    for number in (-1, len(frames)):
        with pytest.raises(IndexError):
            frame_pieces(packed, number)


def test_pieces_are_read_one_behind_the_other(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    assert pieces_read(tmp_path / "a", [(8, 2), (0, 3)]) == b"89012"
