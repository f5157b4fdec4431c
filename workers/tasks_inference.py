"""One attempt at one run: claimed once, answered whole or not at all."""

import logging
from functools import cache
from pathlib import Path

from ml.cascade.analyse import Analyst
from ml.cascade.pathways.declaration import PathwayError
from ml.cascade.weights import WeightsError
from workers import configuration
from workers.attempts import ObjectError, answered_or_why, attempt_published, object_checked
from workers.contracts import AnalysisRequest, AnalysisResult, SeriesAnswer
from workers.storage import Attempt

log = logging.getLogger(__name__)

UNEXPECTED = "The analysis stopped unexpectedly; the worker's log says where."


@cache
def analyst() -> Analyst:
    """Return this process's cascade, loaded after the fork (no CUDA call may come before one)."""
    return Analyst(configuration.weights_folder(), device=configuration.device())


def attempt_answer(attempt: Attempt) -> None:
    """Answer an attempt at a run; see `workers.attempts.attempt_published`."""
    unexpected = AnalysisResult(run=attempt.run, attempt=attempt.number, answer=None, error=UNEXPECTED)
    attempt_published(attempt, lambda out: _result(attempt, out), unexpected=unexpected)


def _result(attempt: Attempt, out: Path) -> AnalysisResult:
    known = (WeightsError, PathwayError, ObjectError)
    answer, error = answered_or_why(lambda: _answer(attempt, out), known=known, what="analysis")
    if error:
        log.warning("run %s attempt %d: %s", attempt.run, attempt.number, error)
    return AnalysisResult(run=attempt.run, attempt=attempt.number, answer=answer, error=error)


def _answer(attempt: Attempt, out: Path) -> SeriesAnswer:
    request = AnalysisRequest.model_validate_json(attempt.request.read_text(encoding="utf-8"))
    return analyst().analyze([object_checked(sha256) for sha256 in request.objects], out=out)
