"""One attempt at one run: claimed once, answered whole or not at all."""

import hashlib
import logging
from functools import cache
from pathlib import Path

from ml.cascade import Analyst
from ml.pathways.declaration import PathwayError
from ml.weights import WeightsError
from workers import configuration, storage
from workers.contracts import AnalysisRequest, AnalysisResult, SeriesAnswer
from workers.heartbeat import beating
from workers.storage import Attempt

log = logging.getLogger(__name__)

UNEXPECTED = "The analysis stopped unexpectedly; the worker's log says where."


class ObjectError(Exception):
    """A stored object is not what was stored."""


@cache
def analyst() -> Analyst:
    """Return this process's cascade, loaded after the fork (no CUDA call may come before one)."""
    return Analyst(configuration.weights_folder(), device=configuration.device())


def attempt_answer(attempt: Attempt) -> None:
    """Claim an attempt and publish its result; a second doorbell for the same attempt does nothing."""
    if not attempt.claim():
        return
    with beating(attempt):
        out = storage.temporary()
        out.mkdir()
        # Published whatever happens, so that a failure is known at once and not by its silence.
        result = AnalysisResult(run=attempt.run, attempt=attempt.number, answer=None, error=UNEXPECTED)
        try:
            result = _result(attempt, out)
        finally:
            (out / "result.json").write_text(result.model_dump_json(), encoding="utf-8")
            attempt.publish(out)


def _result(attempt: Attempt, out: Path) -> AnalysisResult:
    answer: SeriesAnswer | None = None
    error: str | None = None
    try:
        request = AnalysisRequest.model_validate_json(attempt.request.read_text(encoding="utf-8"))
        answer = analyst().analyze([_object(sha256) for sha256 in request.objects], out=out)
    except (WeightsError, PathwayError, ObjectError) as known:
        error = str(known)
    except MemoryError:
        error = "The analysis needs more memory than this worker has."
    except OSError as trouble:
        error = f"The worker cannot read or write its files ({trouble.strerror})."
    if error:
        log.warning("run %s attempt %d: %s", attempt.run, attempt.number, error)
    return AnalysisResult(run=attempt.run, attempt=attempt.number, answer=answer, error=error)


def _object(sha256: str) -> Path:
    """Return a stored object's path once its bytes are found to be the ones that were stored."""
    path = storage.object_path(sha256)
    try:
        with path.open("rb") as file:
            same = hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except FileNotFoundError as missing:
        raise ObjectError("A stored object of this series is missing.") from missing
    if not same:
        raise ObjectError("A stored object of this series has changed since it arrived: its sha256 differs.")
    return path
