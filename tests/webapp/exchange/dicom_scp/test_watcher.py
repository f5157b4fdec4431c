"""What is put into the watched folder is taken in when it is whole, and moved where its sender can see it."""

import gc
import os
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.fileset import FileSet
from pytest_django import Settings

from tests.phantoms import dicom, pictures
from tests.webapp import factories
from webapp.exchange.dicom_scp import sender_activity
from webapp.exchange.dicom_scp import watcher as watching
from webapp.exchange.dicom_scp.models import Sender
from webapp.exchange.dicom_scp.safe_directory import OpenFolder, open_folder
from webapp.exchange.dicom_scp.watcher import Watcher
from webapp.foundation.audit.models import AuditEvent
from webapp.imaging.archive.ingest import IngestResult, ingest_file
from webapp.imaging.archive.models import Instance
from workers import storage

pytestmark = pytest.mark.django_db
QUIET = 3.0


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own."""
    monkeypatch.setenv("READROOM_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def incoming(tmp_path: Path) -> Path:
    """The folder that is watched."""
    (tmp_path / "incoming").mkdir()
    return tmp_path / "incoming"


@pytest.fixture
def folder(incoming: Path) -> Iterator[OpenFolder]:
    """The same, held open."""
    with open_folder(incoming) as opened:
        yield opened


class Clock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def watcher_of(folder: OpenFolder) -> Watcher:
    """Begin to watch."""
    return Watcher(folder=folder, user=factories.clinician("Watched folder"), now=Clock())


def looked(watcher: Watcher, *, after: float = QUIET) -> int:
    """Look again after some seconds."""
    assert isinstance(watcher.now, Clock)
    watcher.now.seconds += after
    return watcher.look()


def seen_and_taken(folder: OpenFolder) -> Watcher:
    """Look twice, with quiet between."""
    watcher = watcher_of(folder)
    assert looked(watcher) == 0
    looked(watcher)
    return watcher


def below(place: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()}


def test_a_series_is_taken_in_and_moved_to_done(incoming: Path, folder: OpenFolder) -> None:
    (incoming / "scan").mkdir()
    for number, ds in enumerate(dicom.series(3)):
        dicom.saved(ds, incoming / "scan" / f"{number}.dcm")
    put = below(incoming)
    seen_and_taken(folder)
    assert Instance.objects.count() == 3
    assert below(incoming) == {f"done/{name}": data for name, data in put.items()}
    assert {event.actor for event in AuditEvent.objects.all()} == {"Watched folder"}


def test_what_is_refused_lies_beside_its_reason(incoming: Path, folder: OpenFolder) -> None:
    (incoming / "letter.pdf").write_bytes(b"%PDF-1.7")
    seen_and_taken(folder)
    assert below(incoming) == {
        "refused/letter.pdf": b"%PDF-1.7",
        "refused/letter.pdf.reason.txt": b"This is a PDF document, not a DICOM file, a PNG, a JPEG or a TIFF.\n",
    }


def test_a_zip_with_a_bad_member_names_it_and_its_good_ones_are_stored(incoming: Path, folder: OpenFolder) -> None:
    with zipfile.ZipFile(incoming / "study.zip", "w") as archive:
        archive.writestr("good.png", pictures.png(incoming.parent / "a.png").read_bytes())
        archive.writestr("bad.txt", "no image at all")
    seen_and_taken(folder)
    assert Instance.objects.count() == 1
    reason = (incoming / "refused" / "study.zip.reason.txt").read_text()
    assert reason == "bad.txt: This is neither a DICOM file nor a PNG, JPEG or TIFF picture.\n"


def test_a_file_that_grows_is_waited_for(incoming: Path, folder: OpenFolder) -> None:
    whole = dicom.saved(dicom.image(), incoming.parent / "whole").read_bytes()
    watcher, file = watcher_of(folder), incoming / "slow.dcm"
    for end in (1000, 2000, len(whole)):
        file.write_bytes(whole[:end])
        assert looked(watcher) == 0
    assert looked(watcher, after=QUIET - 0.1) == 0
    assert looked(watcher, after=0.1) == 1
    assert below(incoming) == {"done/slow.dcm": whole}


def test_a_file_that_changes_while_it_is_copied_is_left_for_later(
    incoming: Path, folder: OpenFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = dicom.saved(dicom.image(), incoming / "a.dcm")
    copy = storage.temporary

    def written_meanwhile() -> Path:
        file.write_bytes(file.read_bytes() + b"more")
        return copy()

    watcher = watcher_of(folder)
    looked(watcher)
    monkeypatch.setattr(storage, "temporary", written_meanwhile)
    looked(watcher)
    monkeypatch.undo()
    assert file.exists()
    assert Instance.objects.count() == 0


def test_hidden_and_partial_files_are_left_alone(incoming: Path, folder: OpenFolder) -> None:
    (incoming / ".hidden").mkdir()
    names = [".a.dcm", "a.dcm.part", "a.dcm.TMP", "a.filepart", "a.dcm~", ".hidden/a.dcm"]
    for name in names:
        dicom.saved(dicom.image(), incoming / name)
    assert looked(seen_and_taken(folder)) == 0
    assert set(below(incoming)) == set(names)
    (incoming / "a.dcm.part").rename(incoming / "a.dcm")
    seen_and_taken(folder)
    assert "done/a.dcm" in below(incoming)


def test_no_link_is_followed(incoming: Path, folder: OpenFolder, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    secret = dicom.saved(dicom.image(), tmp_path / "outside" / "secret.dcm")
    (incoming / "link.dcm").symlink_to(secret)
    (incoming / "folder").symlink_to(secret.parent)
    os.mkfifo(incoming / "pipe.dcm")
    assert looked(seen_and_taken(folder)) == 0
    assert secret.exists()
    assert Instance.objects.count() == 0


def test_a_folder_that_becomes_a_link_is_not_followed(incoming: Path, folder: OpenFolder, tmp_path: Path) -> None:
    (incoming / "scan").mkdir()
    (tmp_path / "outside").mkdir()
    seen = dicom.saved(dicom.image(), incoming / "scan" / "a.dcm")
    watcher = watcher_of(folder)
    looked(watcher)
    (place, (looks, _)), *_ = watcher.since.items()
    seen.rename(tmp_path / "outside" / "a.dcm")
    (incoming / "scan").rmdir()
    (incoming / "scan").symlink_to(tmp_path / "outside")
    watcher._take(place, looks)
    assert (tmp_path / "outside" / "a.dcm").exists()
    assert Instance.objects.count() == 0


def test_done_may_not_be_a_link(incoming: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (incoming / "done").symlink_to(tmp_path / "outside")
    with pytest.raises(OSError, match=r"Not a directory|symbolic link"), open_folder(incoming):
        pass


def test_a_file_that_was_stored_when_the_process_died_is_finished_by_the_next(
    incoming: Path, folder: OpenFolder
) -> None:
    file = dicom.saved(dicom.image(), incoming / "a.dcm")
    ingest_file(path=file, name="a.dcm", user=factories.clinician("Watched folder"))
    seen_and_taken(folder)
    assert set(below(incoming)) == {"done/a.dcm"}
    assert Instance.objects.count() == 1


def test_the_same_name_twice_hides_neither(incoming: Path, folder: OpenFolder) -> None:
    for seed in (1, 2, 3):
        pictures.png(incoming / "a.png", seed=seed)
        seen_and_taken(folder)
    assert set(below(incoming)) == {"done/a.png", "done/a (2).png", "done/a (3).png"}


def test_a_name_as_long_as_names_can_be_is_refused_beside_its_reason(incoming: Path, folder: OpenFolder) -> None:
    (incoming / ("é" * 120 + ".txt")).write_text("no image")
    seen_and_taken(folder)
    assert len(below(incoming)) == 2


def test_a_file_larger_than_is_taken_is_refused_unread(incoming: Path, folder: OpenFolder, settings: Settings) -> None:
    settings.UPLOAD_LARGEST_BYTES = 1 << 20
    with (incoming / "large.dcm").open("wb") as file:
        file.truncate(2 << 20)
    seen_and_taken(folder)
    reason = (incoming / "refused" / "large.dcm.reason.txt").read_text()
    assert reason == "The file is larger than 1 MiB, the limit.\n"


def test_a_full_disk_leaves_the_file_where_it_is(
    incoming: Path, folder: OpenFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = dicom.saved(dicom.image(), incoming / "a.dcm")

    def full(**_: object) -> list[IngestResult]:
        raise OSError(28, "No space left on device")

    watcher = watcher_of(folder)
    looked(watcher)
    with monkeypatch.context() as patched:
        patched.setattr(watching, "ingest_file", full)
        with pytest.raises(OSError, match="No space"):
            looked(watcher)
    assert file.exists()
    looked(watcher)
    assert set(below(incoming)) == {"done/a.dcm"}


def test_nothing_is_left_in_our_own_folder(incoming: Path, folder: OpenFolder, data_folder: Path) -> None:
    dicom.saved(dicom.image(), incoming / "a.dcm")
    (incoming / "b.txt").write_text("no image")
    seen_and_taken(folder)
    assert list((data_folder / "tmp").iterdir()) == []


def test_what_cannot_be_moved_away_is_not_taken_again(
    incoming: Path, folder: OpenFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    dicom.saved(dicom.image(), incoming / "a.dcm")

    def closed(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "rename", closed)
    watcher = seen_and_taken(folder)
    assert looked(watcher) == 0
    assert AuditEvent.objects.count() == 1


def test_a_medium_is_taken_whole_and_its_index_is_left_out_with_a_sentence(
    incoming: Path, folder: OpenFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    medium(incoming / "disc")
    names = set(below(incoming))
    assert "disc/DICOMDIR" in names
    monkeypatch.setattr(sender_activity, "_noted", {})
    seen_and_taken(folder)
    assert Instance.objects.count() == 3
    told = {"done/disc/DICOMDIR.reason.txt"}
    assert set(below(incoming)) == {f"done/{name}" for name in names} | told
    sentence = "This is a DICOMDIR, an index of other files; it is left out, they are taken.\n"
    assert (incoming / "done" / "disc" / "DICOMDIR.reason.txt").read_text() == sentence
    assert Sender.objects.get().name == "Watched folder"


def test_a_zipped_medium_is_done_and_names_its_index(incoming: Path, folder: OpenFolder) -> None:
    files = medium(incoming.parent / "disc")
    with zipfile.ZipFile(incoming / "disc.zip", "w") as archive:
        for file in files:
            archive.write(file, file.relative_to(incoming.parent))
    seen_and_taken(folder)
    assert Instance.objects.count() == 3
    reason = (incoming / "done" / "disc.zip.reason.txt").read_text()
    assert reason.startswith("disc/DICOMDIR: This is a DICOMDIR")


def medium(folder: Path) -> list[Path]:
    """Write a series of three as a DICOM medium (PS3.10 8); return its files."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # pydicom leaves its own folders to the collector
        index = FileSet()
        for ds in dicom.series(3, StudyID="1", StudyTime="120000", SeriesNumber=1):
            index.add(ds)
        index.write(folder)
        del index
        gc.collect()
    return [path for path in folder.rglob("*") if path.is_file()]
