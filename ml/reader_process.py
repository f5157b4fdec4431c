"""The reading process: one JSON question a line in, answers out (see `ml.dicomio.subprocess_reader`).

Questions are {"do": "inspect" | "head" | "facts" | "draw" | "unpack" | "unpack_frames" | "deidentify" | "frames",
"path": ...}.
Each is answered by one line, {"ok": ...} or {"refused": sentence}; "frames" sends a line and its pixels for each
frame before that.
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
#: Longer than whoever asks waits: this process ends even where nobody is left to end it.
SECONDS = 60


def answer(question: dict[str, Any], out: BinaryIO) -> None:
    """Answer one question."""
    try:
        ok = answered(question, Path(question["path"]), out)
    except Refused as refused:
        tell(out, {"refused": str(refused)})
    except MemoryError:
        tell(out, {"refused": "The file needs more memory than reading one file may take."})
    else:
        tell(out, {"ok": ok})


def answered(question: dict[str, Any], path: Path, out: BinaryIO) -> Any:
    """Do what is asked of a file; return what is told of it."""
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
    """Write an object without identities; the code for it is loaded when first asked for."""
    from ml.deid.objects import object_deidentified  # noqa: PLC0415 - dictionaries of codes that few ask for
    from ml.deid.options import Asked  # noqa: PLC0415

    return object_deidentified(path, asked=Asked.model_validate_json(asked), out=out).model_dump()


def draw(path: Path, *, frame: int, window: str, out: Path) -> None:
    """Write one frame of a file as PNG, as it looks on a screen, through the header's window or another one."""
    drawn = frame_read(path, frame=frame, window=window_asked(window) if window else None)
    Image.fromarray(drawn).save(out, format="PNG", compress_level=1)


def send_frames(path: Path, out: BinaryIO) -> None:
    """Send the luminance of every frame, how much of it is coloured, and its grid."""
    for frame, grid in frames_placed(path):
        grey = grey_of(frame)
        told = {"shape": grey.shape, "colour_share": colour_share(frame), "grid": asdict(grid), "bytes": grey.nbytes}
        tell(out, told)
        out.write(grey.tobytes())
        signal.alarm(SECONDS)


def tell(out: BinaryIO, told: dict[str, Any]) -> None:
    """Send one line."""
    out.write(json.dumps(told).encode() + b"\n")
    out.flush()


def main() -> None:
    """Answer until the asking process closes the pipe."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with private_stdout() as out:
        for line in sys.stdin:
            signal.alarm(SECONDS)  # Not caught: it ends the process in the middle of a decoder's C code too.
            answer(json.loads(line), out)
            signal.alarm(0)


def private_stdout() -> BinaryIO:
    """Keep the pipe for answers alone: what a decoder's library prints goes nowhere."""
    pipe = os.dup(1)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    return os.fdopen(pipe, "wb")


if __name__ == "__main__":
    main()
