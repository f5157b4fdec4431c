"""Hand-over: configuration."""

from django.apps import AppConfig


class HandoverConfig(AppConfig):
    """Hand-overs from one shift to the next."""

    name = "webapp.reading.handover"
