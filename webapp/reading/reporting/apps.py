"""Reports: configuration."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Reports, their signatures, and the discrepancies between them and the AI."""

    name = "webapp.reading.reporting"
