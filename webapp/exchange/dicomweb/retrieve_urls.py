"""Addresses of what is served here, as answers name them."""

from django.http import HttpRequest
from django.urls import reverse

from webapp.imaging.archive.models import Instance

BELOW = ("/", "/series/", "/instances/")


def root_address(request: HttpRequest) -> str:
    """Return where studies are, as the client named this server: what every address below begins with."""
    return request.build_absolute_uri(reverse("dicomweb-studies"))


def address_below(root: str, *uids: str) -> str:
    """Return where a study, a series or an instance is retrieved, named from the study down.

    UIDs are digits and dots (they were held to it at intake), so they stand in an address as they are.
    """
    return root + "".join(name + uid for name, uid in zip(BELOW, uids, strict=False))


def study_address(request: HttpRequest, study: str) -> str:
    """Return where a study is retrieved."""
    return address_below(root_address(request), study)


def instance_address(request: HttpRequest, study: str, series: str, instance: str) -> str:
    """Return where an instance is retrieved."""
    return address_below(root_address(request), study, series, instance)


def address_of(request: HttpRequest, instance: Instance) -> str:
    """Return where an instance, with its series and study at hand, is retrieved."""
    return address_under(root_address(request), instance)


def address_under(root: str, instance: Instance) -> str:
    """Return the same, for many instances of one answer."""
    series = instance.series
    return address_below(root, series.study.study_instance_uid, series.series_instance_uid, instance.sop_instance_uid)
