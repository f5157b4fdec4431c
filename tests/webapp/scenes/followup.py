"""A patient who came three times, two lesions followed over the visits: for screenshots and for eyes."""

from datetime import date

import numpy as np
from django.http import HttpRequest
from PIL import Image

from ml.cascade.registration_preview import LaidSlice
from tests.webapp import factories
from tests.webapp.scenes import pictures as drawn
from webapp.imaging.inference.models import Finding
from webapp.reading.followup.models import Registration
from webapp.reading.followup.services import finding_link
from workers.contracts import RegistrationAnswer
from workers.storage import Attempt


def _drawn(kind: str) -> Image.Image:
    """Draw a head over itself, a little aside."""
    here, there = drawn.brain(height=0.5, seed=1), drawn.brain(height=0.5, tumour=True, seed=2)
    one = LaidSlice(0, here, np.roll(there, 2, axis=1))
    return one.fused() if kind == "fused" else one.checkerboard()


def followed() -> list[Finding]:
    """Make the visits; the first lesion shrinks and grows again, the second has one visit in pixels alone."""
    someone = factories.patient("Verlauf^Vera", birth_date=date(1957, 6, 2))
    days = (date(2026, 1, 12), date(2026, 4, 20), date(2026, 10, 5))
    user, request = factories.clinician(), HttpRequest()
    first = [factories.visit(someone, on=day, radius=radius) for day, radius in zip(days, (11, 7, 8.5), strict=True)]
    lesion = finding_link(finding=first[0], lesion=None, name="Left frontal", user=user, request=request).lesion
    for finding in first[1:]:
        finding_link(finding=finding, lesion=lesion, user=user, request=request)
    pixels = factories.visit(someone, on=date(2026, 2, 1), spacing=None)
    other = finding_link(finding=pixels, lesion=None, name="Beside the falx", user=user, request=request).lesion
    beside = factories.finding(first[2].run, instance=first[2].instance, index=1, measures=first[1].measures)
    finding_link(finding=beside, lesion=other, user=user, request=request)
    factories.finding(first[2].run, instance=first[2].instance, index=1, probability=0.44)
    now, before, earlier = (finding.run.series for finding in reversed(first))
    laid = factories.registration_of(now, prior=before)
    for name, kept in (("fused-1.png", "fused"), ("checkerboard-1.png", "checkerboard")):
        _drawn(kept).save(Attempt(laid.pk, 1).out / name)
    why = "The two series have too little in common: normalised mutual information 1.062 (1.15 is asked for)."
    poor = RegistrationAnswer(
        refusal=why, dice=0.91, nmi=1.062, correlation=0.31, least_dice=0.8, least_nmi=1.15
    ).model_dump(mode="json")
    factories.registration_of(now, prior=earlier, state=Registration.State.REFUSED, reason=why, answer=poor)
    factories.registration_of(before, prior=earlier, state=Registration.State.RUNNING, answer={})
    return first
