"""One attempt at laying a follow-up series over its prior."""

import logging
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813 - its documentation's own name

from ml.cascade.registration import LEAST_DICE, LEAST_NMI, RegistrationError, registered, volume_of
from ml.cascade.registration_preview import pictures_drawn, slices_laid
from ml.dicomio.errors import Refused
from ml.dicomio.series import slices_read
from workers.attempts import answered_or_why, attempt_published, object_checked
from workers.contracts import LaidPictures, RegistrationAnswer, RegistrationRequest, RegistrationResult
from workers.storage import Attempt

log = logging.getLogger(__name__)

UNEXPECTED = "The registration stopped unexpectedly; the worker's log says where."


def attempt_register(attempt: Attempt) -> None:
    """Answer an attempt at a registration; see `workers.attempts.attempt_published`."""
    unexpected = RegistrationResult(registration=attempt.run, attempt=attempt.number, error=UNEXPECTED)
    attempt_published(attempt, lambda out: _result(attempt, out), unexpected=unexpected)


def _result(attempt: Attempt, out: Path) -> RegistrationResult:
    answer, error = answered_or_why(lambda: _answer(attempt, out), what="registration")
    if error:
        log.warning("registration %s attempt %d: %s", attempt.run, attempt.number, error)
    return RegistrationResult(registration=attempt.run, attempt=attempt.number, answer=answer, error=error)


def _answer(attempt: Attempt, out: Path) -> RegistrationAnswer:
    request = RegistrationRequest.model_validate_json(attempt.request.read_text(encoding="utf-8"))
    try:
        return _laid(request, out)
    except (RegistrationError, Refused) as refused:
        return RegistrationAnswer(refusal=str(refused))


def _laid(request: RegistrationRequest, out: Path) -> RegistrationAnswer:
    began = time.perf_counter()
    prior, follow_up = _volume(request.prior), _volume(request.follow_up)
    laid = registered(prior, follow_up)
    refusal = laid.quality.refusal()
    # Of what is refused nothing is drawn: a wrong overlay is worse than none.
    drawn = [] if refusal else pictures_drawn(slices_laid(prior, follow_up, laid.transform), out)
    angles = (laid.transform.GetAngleX(), laid.transform.GetAngleY(), laid.transform.GetAngleZ())
    return RegistrationAnswer(
        refusal=refusal,
        dice=round(laid.quality.dice, 4),
        nmi=round(laid.quality.nmi, 4),
        correlation=round(laid.quality.correlation, 4),
        least_dice=LEAST_DICE,
        least_nmi=LEAST_NMI,
        rotation_degrees=tuple(round(float(np.degrees(angle)), 3) for angle in angles),
        shift_mm=tuple(round(float(part), 3) for part in _shift(prior, laid.transform)),
        slices=[LaidPictures(slice=number, fused=fused, checkerboard=board) for number, fused, board in drawn],
        ms=round((time.perf_counter() - began) * 1000, 1),
    )


def _volume(objects: Sequence[str]) -> sitk.Image:
    return volume_of(slices_read(object_checked(sha256) for sha256 in objects))


def _shift(prior: sitk.Image, transform: sitk.Euler3DTransform) -> list[float]:
    """Return where the middle of the prior goes, in mm."""
    middle = prior.TransformContinuousIndexToPhysicalPoint([(side - 1) / 2 for side in prior.GetSize()])
    return [there - here for here, there in zip(middle, transform.TransformPoint(middle), strict=True)]
