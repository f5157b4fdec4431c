"""Addresses of what is served here, as answers name them."""

from django.http import HttpRequest
from django.urls import reverse

from webapp.studies.models import Instance


def study_address(request: HttpRequest, study: str) -> str:
    """Return where a study is retrieved."""
    return request.build_absolute_uri(reverse("dicomweb-study", args=[study]))


def series_address(request: HttpRequest, study: str, series: str) -> str:
    """Return where a series is retrieved."""
    return request.build_absolute_uri(reverse("dicomweb-series", args=[study, series]))


def instance_address(request: HttpRequest, study: str, series: str, instance: str) -> str:
    """Return where an instance is retrieved."""
    return request.build_absolute_uri(reverse("dicomweb-instance", args=[study, series, instance]))


def address_of(request: HttpRequest, instance: Instance) -> str:
    """Return where an instance, with its series and study at hand, is retrieved."""
    series = instance.series
    return instance_address(
        request, series.study.study_instance_uid, series.series_instance_uid, instance.sop_instance_uid
    )
