"""Files are read in a process that may die of them: here it really does."""

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

from ml.reading.refusal import Refused
from tests.phantoms import dicom, pictures
from tests.servers import wait_until
from workers import sandbox
from workers.sandbox import Reader


@pytest.fixture
def reader() -> Iterator[Reader]:
    """A reading process that gives a file two seconds."""
    with closing(Reader(seconds=2)) as started:
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
        reader.ask(question(endless))
    assert not reader.is_usable
    assert reader.process.returncode == -signal.SIGKILL


def test_a_file_that_crashes_its_process_is_refused(reader: Reader, endless: Path) -> None:
    killer = threading.Thread(target=_kill_while_reading, args=(reader, endless))
    killer.start()
    with pytest.raises(Refused, match="crashed the process that reads files"):
        reader.ask(question(endless))
    killer.join()
    assert not reader.is_usable


def _kill_while_reading(reader: Reader, endless: Path) -> None:
    """Kill the process once it is inside the file."""
    wait_until(lambda: _is_open_for_reading(endless), what="the file to be read")
    reader.process.kill()


def _is_open_for_reading(pipe: Path) -> bool:
    try:
        os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:  # ENXIO: nobody reads it yet
        return False
    return True


def test_the_next_file_is_read_by_a_fresh_process(tmp_path: Path) -> None:
    good = pictures.png(tmp_path / "good.png")
    with sandbox._reader() as lent:
        lent.process.kill()
        lent.process.wait()
    assert sandbox.inspect(good).kind == "picture"


def test_memory_is_limited(tmp_path: Path) -> None:
    limits = subprocess.run(
        [sys.executable, "-c", "import ml.reading.__main__ as m; print(m.MEMORY_BYTES)"],
        cwd=sandbox.ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    with closing(Reader()) as reader:
        reader.ask(question(pictures.png(tmp_path / "a.png")))
        told = Path(f"/proc/{reader.process.pid}/limits").read_text()
    line = next(line for line in told.splitlines() if line.startswith("Max address space"))
    assert line.split()[3] == limits.stdout.strip()


def test_it_ends_with_whoever_started_it(tmp_path: Path) -> None:
    asker = (
        "from workers.sandbox import Reader\n"
        "reader = Reader()\n"
        f"reader.ask({question(pictures.png(tmp_path / 'a.png'))!r})\n"
        "print(reader.process.pid, flush=True)\n"
        "import os; os.kill(os.getpid(), 9)\n"
    )
    ended = subprocess.run([sys.executable, "-c", asker], cwd=sandbox.ROOT, check=False, capture_output=True, text=True)
    pid = int(ended.stdout)
    wait_until(lambda: not Path(f"/proc/{pid}").exists() or _is_dead(pid), what="the reading process to end")


def _is_dead(pid: int) -> bool:
    """Say whether a process is a zombie that nobody has collected yet."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"


def test_what_a_library_prints_is_no_answer(tmp_path: Path) -> None:
    chatty = (
        "import ml.reading.__main__ as reading, os\n"
        "inspect = reading.inspect\n"
        "def loud(path):\n"
        "    os.write(1, b'noise of a C library\\n')\n"
        "    return inspect(path)\n"
        "reading.inspect = loud\n"
        "reading.main()\n"
    )
    asked = json.dumps(question(pictures.png(tmp_path / "a.png"))) + "\n"
    told = subprocess.run(
        [sys.executable, "-c", chatty], input=asked, cwd=sandbox.ROOT, check=True, capture_output=True, text=True
    )
    assert json.loads(told.stdout)["ok"]["kind"] == "picture"
