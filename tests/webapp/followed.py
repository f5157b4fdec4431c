"""A patient who came three times, two lesions followed over the visits: for screenshots and for eyes."""

from datetime import date

from django.http import HttpRequest

from tests.webapp import factories
from webapp.followup.services import finding_link
from webapp.runs.models import Finding


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
    return first
