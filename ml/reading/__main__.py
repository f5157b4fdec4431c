"""The reading process: one JSON question a line in, one JSON answer a line out.

It runs with limits of its own, so that a file which crashes it, hangs it or eats its memory hurts nobody
else. Questions: {"do": "inspect", "path": ...} and {"do": "draw", "path": ..., "frame": n, "out": ...}.
"""

import json
import resource
import sys
from pathlib import Path

from PIL import Image

from ml.reading.inspect import inspect
from ml.reading.pixels import frame_read
from ml.reading.refusal import Refused

MEMORY_BYTES = 3 << 30


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
    for line in sys.stdin:
        print(answer(json.loads(line)), flush=True)


if __name__ == "__main__":
    main()
