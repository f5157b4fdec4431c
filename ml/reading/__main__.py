"""The reading process: one JSON question a line in, one JSON answer a line out.

It runs with limits of its own, so that a file which crashes it, hangs it or eats its memory hurts nobody
else. Questions: {"do": "inspect", "path": ...} and {"do": "draw", "path": ..., "frame": n, "out": ...}.
"""

import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import TextIO

from PIL import Image

from ml.reading.inspect import inspect
from ml.reading.pixels import frame_read
from ml.reading.refusal import Refused

MEMORY_BYTES = 3 << 30
#: Longer than whoever asks waits: this process ends even where nobody is left to end it.
SECONDS = 60


def draw(path: Path, *, frame: int, out: Path) -> None:
    """Write one frame of a file as PNG, as it looks on a screen."""
    Image.fromarray(frame_read(path, frame=frame)).save(out, format="PNG", compress_level=1)


def answer(question: dict[str, str | int]) -> str:
    """Answer one question as JSON: {"ok": ...} or {"refused": sentence}."""
    path = Path(str(question["path"]))
    try:
        if question["do"] == "inspect":
            return '{"ok": ' + inspect(path).model_dump_json() + "}"
        draw(path, frame=int(question["frame"]), out=Path(str(question["out"])))
    except Refused as refused:
        return json.dumps({"refused": str(refused)})
    except MemoryError:
        return json.dumps({"refused": "The file needs more memory than reading one file may take."})
    return json.dumps({"ok": None})


def main() -> None:
    """Answer until the asking process closes the pipe."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with private_stdout() as out:
        for line in sys.stdin:
            signal.alarm(SECONDS)  # Not caught: it ends the process in the middle of a decoder's C code too.
            print(answer(json.loads(line)), file=out, flush=True)
            signal.alarm(0)


def private_stdout() -> TextIO:
    """Keep the pipe for answers alone: what a decoder's library prints goes nowhere."""
    pipe = os.dup(1)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    return os.fdopen(pipe, "w")


if __name__ == "__main__":
    main()
