"""The reader process: takes one JSON request per line and writes the responses (see `ml.dicomio.subprocess_reader`).

Requests are {"do": "inspect" | "head" | "facts" | "draw" | "unpack" | "unpack_frames" | "deidentify" | "frames",
"path": ...}.
The response is one line, {"ok": ...} or {"refused": sentence}; for "frames", a line and the pixels of each frame come
before it.
"""

import json
import os
import resource
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image

from ml.dicomio.display import colour_share, grey_of
from ml.dicomio.errors import Refused
from ml.dicomio.header import facts_read
from ml.dicomio.inspect import head, inspect
from ml.dicomio.pixels import frame_read, frames_placed
from ml.dicomio.unpacking import frames_unpacked, object_unpacked
from ml.dicomio.windows import window_asked

MEMORY_BYTES = 3 << 30
#: Time limit for one file or frame; longer than the caller waits, so it only matters if the caller is gone.
SECONDS = 60


def answer(question: dict[str, Any], out: BinaryIO) -> None:
    """Write the response to one request."""
    try:
        ok = answered(question, Path(question["path"]), out)
    except Refused as refused:
        tell(out, {"refused": str(refused)})
    except MemoryError:
        tell(out, {"refused": "The file needs more memory than reading one file may take."})
    else:
        tell(out, {"ok": ok})


def answered(question: dict[str, Any], path: Path, out: BinaryIO) -> Any:
    """Carry out one request on a file; return the "ok" value of the response."""
    match question["do"]:
        case "inspect":
            wrapped = question.get("wrapped")
            return inspect(path, wrapped=Path(wrapped) if wrapped else None).model_dump(mode="json")
        case "head":
            return head(path).model_dump(mode="json")
        case "facts":
            return facts_read(path).words
        case "draw":
            draw(path, frame=question["frame"], window=question["window"], out=Path(question["out"]))
        case "unpack":
            object_unpacked(path, out=Path(question["out"]))
        case "unpack_frames":
            return frames_unpacked(path, frames=json.loads(question["frames"]), out=Path(question["out"]))
        case "deidentify":
            return deidentified(path, asked=question["asked"], out=Path(question["out"]))
        case _:
            send_frames(path, out)
    return None


def deidentified(path: Path, *, asked: str, out: Path) -> dict[str, Any]:
    """Write a de-identified object to `out`; return its new identifiers. The code for this is loaded on first use."""
    from ml.deid.objects import object_deidentified  # noqa: PLC0415 - its code dictionaries are large and seldom needed
    from ml.deid.options import Asked  # noqa: PLC0415

    return object_deidentified(path, asked=Asked.model_validate_json(asked), out=out).model_dump()


def draw(path: Path, *, frame: int, window: str, out: Path) -> None:
    """Write one frame of a file as PNG, as it is displayed with the header's window or the given one."""
    drawn = frame_read(path, frame=frame, window=window_asked(window) if window else None)
    Image.fromarray(drawn).save(out, format="PNG", compress_level=1)


def send_frames(path: Path, out: BinaryIO) -> None:
    """Write the luminance, the fraction of coloured pixels and the pixel grid of every frame."""
    for frame, grid in frames_placed(path):
        grey = grey_of(frame)
        told = {"shape": grey.shape, "colour_share": colour_share(frame), "grid": asdict(grid), "bytes": grey.nbytes}
        tell(out, told)
        out.write(grey.tobytes())
        signal.alarm(SECONDS)


def tell(out: BinaryIO, told: dict[str, Any]) -> None:
    """Write one line."""
    out.write(json.dumps(told).encode() + b"\n")
    out.flush()


def main() -> None:
    """Respond to requests until the caller closes the pipe."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with private_stdout() as out:
        for line in sys.stdin:
            signal.alarm(SECONDS)  # not caught, so it ends the process even inside a decoder's C code
            answer(json.loads(line), out)
            signal.alarm(0)


def private_stdout() -> BinaryIO:
    """Return the pipe for responses, and redirect stdout to /dev/null, since decoders may print to it."""
    pipe = os.dup(1)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    return os.fdopen(pipe, "wb")


if __name__ == "__main__":
    main()
