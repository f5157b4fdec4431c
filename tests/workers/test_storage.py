"""Files lie there whole or not at all, and an attempt has one taker."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from workers import storage
from workers.storage import Attempt


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own."""
    monkeypatch.setenv("READROOM_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture
def attempt() -> Attempt:
    """An attempt whose request is written."""
    attempt = Attempt(uuid4(), 1)
    storage.write_text(attempt.request, "{}")
    return attempt


def test_a_write_that_fails_leaves_nothing(data_folder: Path) -> None:
    target = data_folder / "objects" / "x"

    def broken_write() -> None:
        with storage.written_whole(target) as unfinished:
            unfinished.write_bytes(b"half")
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        broken_write()

    assert not target.exists()
    assert list((data_folder / "tmp").iterdir()) == []


def test_a_write_that_ends_well_replaces_in_one_step(data_folder: Path) -> None:
    storage.write_text(data_folder / "a" / "b.json", "one")
    storage.write_text(data_folder / "a" / "b.json", "two")

    assert (data_folder / "a" / "b.json").read_text() == "two"


@pytest.mark.parametrize("name", ["../../etc/passwd", "ab", "z" * 63 + "/", ""])
def test_an_object_has_no_other_name_than_its_digest(name: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal"):
        storage.object_path(name)


def test_of_twenty_workers_one_gets_the_attempt(attempt: Attempt) -> None:
    with ThreadPoolExecutor(20) as pool:
        taken = list(pool.map(lambda _: attempt.claim(), range(20)))

    assert taken.count(True) == 1


def test_an_attempt_that_nobody_asked_for_cannot_be_claimed() -> None:
    assert not Attempt(uuid4(), 1).claim()


def test_a_worker_that_falls_silent_is_noticed(attempt: Attempt) -> None:
    assert attempt.heartbeat_age() is None
    attempt.claim()
    then = time.time() - 30
    os.utime(attempt.heartbeat, (then, then))

    assert attempt.heartbeat_age() == pytest.approx(30, abs=5)


def test_the_sweep_takes_what_is_old_and_leaves_what_is_being_written(data_folder: Path) -> None:
    old, new = storage.temporary(), storage.temporary()
    old.mkdir()
    (old / "part").write_text("dead")
    new.write_text("alive")
    then = time.time() - 7200
    os.utime(old, (then, then))

    assert storage.sweep_unfinished(older_than_seconds=3600) == 1
    assert [path.name for path in (data_folder / "tmp").iterdir()] == [new.name]
