"""Hand-over: configuration."""

from django.apps import AppConfig


class HandoverConfig(AppConfig):
    """Shifts that end, and readers who go on."""

    name = "webapp.reading.handover"
