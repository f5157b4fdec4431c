"""Reading untrusted files for the web: apart from it (see `ml.reading.apart`), and only so many at once."""

import threading
from pathlib import Path

from ml.reading.inspect import Inspection
from ml.reading.lending import lent_reader

#: Files that one web process has read at once; the next caller waits.
AT_ONCE = 2
_places = threading.BoundedSemaphore(AT_ONCE)


def inspect(path: Path) -> Inspection:
    """Return what intake must know of a file; see `ml.reading.inspect.inspect`.

    Raises
    ------
    Refused
        If it is refused, or crashed or outlasted the process that read it.
    """
    with _places, lent_reader() as reader:
        return Inspection.model_validate(reader.ask(do="inspect", path=str(path)))


def draw(path: Path, *, frame: int, out: Path) -> None:
    """Draw one frame (from 0) of a stored file as PNG at `out`; raises as `inspect` does."""
    with _places, lent_reader() as reader:
        reader.ask(do="draw", path=str(path), frame=frame, out=str(out))
