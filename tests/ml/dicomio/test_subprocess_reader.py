"""Files are read apart, in a process that may die of them: here it really does."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml.dicomio import subprocess_reader
from ml.dicomio.errors import Refused
from ml.dicomio.reader_pool import lent_reader
from ml.dicomio.series import facts_read, slices_read, slices_stream
from ml.dicomio.subprocess_reader import Reader
from tests.phantoms import dicom, pictures
from tests.phantoms.hostile import Maker, objects
from tests.servers import wait_until
from workers import sandbox


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """A reading process that gives a file two seconds."""
    monkeypatch.setattr(subprocess_reader, "SECONDS_PER_ANSWER", 2.0)
    with closing(Reader()) as started:
        yield started


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    """A file whose bytes never come: whoever opens it hangs."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


def question(path: Path) -> dict[str, str]:
    """Return what to ask about a file."""
    return {"do": "inspect", "path": str(path)}


def test_a_file_is_looked_into_and_drawn(tmp_path: Path) -> None:
    path = dicom.saved(dicom.image(), tmp_path / "a.dcm")
    assert sandbox.inspect(path).patient_name == dicom.CANARY
    sandbox.draw(path, frame=0, out=tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as drawn:
        assert np.asarray(drawn).shape == (96, 80)


def test_a_refusal_crosses_with_its_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(Refused, match=r"^The file is empty\.$"):
        sandbox.inspect(tmp_path / "empty")
    with pytest.raises(Refused, match="holds no frame 7"):
        sandbox.draw(dicom.saved(dicom.image(), tmp_path / "a"), frame=7, out=tmp_path / "out.png")


def test_a_file_that_hangs_is_given_up_and_its_process_ended(reader: Reader, endless: Path) -> None:
    with pytest.raises(Refused, match="took longer than 2 seconds"):
        reader.ask(do="inspect", path=str(endless))
    assert not reader.is_usable
    assert reader.process.returncode == -signal.SIGKILL


def test_a_file_that_crashes_its_process_is_refused(reader: Reader, endless: Path) -> None:
    killer = threading.Thread(target=_kill_while_reading, args=(reader, endless))
    killer.start()
    with pytest.raises(Refused, match="crashed the process that reads files"):
        reader.ask(do="inspect", path=str(endless))
    killer.join()
    assert not reader.is_usable


def _kill_while_reading(reader: Reader, endless: Path) -> None:
    """Kill the process once it is inside the file, whose end it must not see before."""
    (end,) = wait_until(lambda: _opened_for_writing(endless), what="the file to be read")
    reader.process.kill()
    reader.process.wait()
    os.close(end)


def _opened_for_writing(pipe: Path) -> list[int]:
    try:
        return [os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)]
    except OSError:  # ENXIO: nobody reads it yet
        return []


def test_the_next_file_is_read_by_a_fresh_process(tmp_path: Path) -> None:
    good = pictures.png(tmp_path / "good.png")
    with lent_reader() as lent:
        lent.process.kill()
        lent.process.wait()
    assert sandbox.inspect(good).kind == "picture"


def test_memory_is_limited(tmp_path: Path) -> None:
    limits = subprocess.run(
        [sys.executable, "-c", "import ml.reader_process as m; print(m.MEMORY_BYTES)"],
        cwd=subprocess_reader.ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    with closing(Reader()) as reader:
        reader.ask(do="inspect", path=str(pictures.png(tmp_path / "a.png")))
        told = Path(f"/proc/{reader.process.pid}/limits").read_text()
    line = next(line for line in told.splitlines() if line.startswith("Max address space"))
    assert line.split()[3] == limits.stdout.strip()


def test_it_ends_with_whoever_started_it(tmp_path: Path) -> None:
    asker = (
        "from ml.dicomio.subprocess_reader import Reader\n"
        "reader = Reader()\n"
        f"reader.ask(do='inspect', path={str(pictures.png(tmp_path / 'a.png'))!r})\n"
        "print(reader.process.pid, flush=True)\n"
        "import os; os.kill(os.getpid(), 9)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", asker], cwd=subprocess_reader.ROOT, check=False, capture_output=True, text=True
    )
    pid = int(ended.stdout)
    wait_until(lambda: not Path(f"/proc/{pid}").exists() or _is_dead(pid), what="the reading process to end")


def _is_dead(pid: int) -> bool:
    """Say whether a process is a zombie that nobody has collected yet."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"


def test_what_a_library_prints_is_no_answer(tmp_path: Path) -> None:
    chatty = (
        "import ml.reader_process as reading, os\n"
        "inspect = reading.inspect\n"
        "def loud(path, *, wrapped):\n"
        "    os.write(1, b'noise of a C library\\n')\n"
        "    return inspect(path, wrapped=wrapped)\n"
        "reading.inspect = loud\n"
        "reading.main()\n"
    )
    asked = json.dumps(question(pictures.png(tmp_path / "a.png"))) + "\n"
    told = subprocess.run(
        [sys.executable, "-c", chatty],
        input=asked,
        cwd=subprocess_reader.ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert json.loads(told.stdout)["ok"]["kind"] == "picture"


def test_frames_cross_as_they_are(tmp_path: Path) -> None:
    drawn = np.stack([pictures.disc(seed=number) for number in range(5)])
    path = dicom.saved(dicom.image(drawn, WindowCenter=128, WindowWidth=256), tmp_path / "cine")
    assert (np.stack([picture.grey for picture in slices_read([path])]) == drawn).all()
    assert facts_read(path).words == {"modality": "CT"}


def test_a_stream_that_is_left_early_leaves_no_frames_to_the_next(tmp_path: Path) -> None:
    long = dicom.saved(dicom.image(np.zeros((200, 64, 64), np.uint8)), tmp_path / "cine")
    for _ in slices_stream([long]):
        break
    assert slices_read([pictures.png(tmp_path / "a.png")])[0].grey.max() > 150


@pytest.mark.parametrize("kind", [objects.crashes_its_decoder, objects.hangs_its_decoder])
def test_neighbours_of_a_deadly_file_are_read(tmp_path: Path, kind: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess_reader, "SECONDS_PER_ANSWER", 2.0)
    good, deadly, aside = pictures.png(tmp_path / "good"), kind(tmp_path / "deadly"), dict[Path, str]()
    assert [picture.path for picture in slices_read([good, deadly, good], aside=aside)] == [good, good]
    assert list(aside) == [deadly]
