"""Reading untrusted files for the web: apart from it (see `ml.dicomio.subprocess_reader`), and only so many at once."""

import json
import threading
from collections.abc import Sequence
from pathlib import Path

from ml.deid.options import Asked, Told
from ml.dicomio.inspect import Inspection
from ml.dicomio.reader_pool import lent_reader

#: Files that one web process has read at once; the next caller waits.
AT_ONCE = 2
_places = threading.BoundedSemaphore(AT_ONCE)


def inspect(path: Path, *, wrapped: Path | None = None) -> Inspection:
    """Return what intake must know of a file; see `ml.dicomio.inspect.inspect`.

    Raises
    ------
    Refused
        If it is refused, or crashed or outlasted the process that read it.
    """
    with _places, lent_reader() as reader:
        return Inspection.model_validate(reader.ask(do="inspect", path=str(path), wrapped=str(wrapped or "")))


def draw(path: Path, *, frame: int, out: Path, window: str = "") -> None:
    """Draw one frame (from 0) of a stored file as PNG at `out`; raises as `inspect` does.

    `window` is written "centre,width,FUNCTION" with a function of PS3.3 C.11.2.1.3; empty is the header's own.
    """
    with _places, lent_reader() as reader:
        reader.ask(do="draw", path=str(path), frame=frame, out=str(out), window=window)


def unpack(path: Path, *, out: Path) -> None:
    """Write a stored object as Explicit VR Little Endian at `out`; raises as `inspect` does."""
    with _places, lent_reader() as reader:
        reader.ask(do="unpack", path=str(path), out=str(out))


def unpack_frames(path: Path, *, frames: Sequence[int], out: Path) -> list[int]:
    """Write decoded frames (from 0), one behind the other, at `out`; return the bytes of each; raises as `inspect`."""
    with _places, lent_reader() as reader:
        lengths: list[int] = reader.ask(
            do="unpack_frames", path=str(path), frames=json.dumps(list(frames)), out=str(out)
        )
        return lengths


def deidentify(path: Path, *, asked: Asked, out: Path) -> Told:
    """Write a stored object without identities at `out`; raises as `inspect` does."""
    with _places, lent_reader() as reader:
        return Told.model_validate(
            reader.ask(do="deidentify", path=str(path), asked=asked.model_dump_json(), out=str(out))
        )
