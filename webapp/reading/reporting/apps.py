"""Reporting: configuration."""

from django.apps import AppConfig


class ReportingConfig(AppConfig):
    """Reports, their signatures, and the discrepancies between them and the AI."""

    name = "webapp.reading.reporting"

    def ready(self) -> None:
        """Register the work that is done behind the pages."""
        from webapp.reading.reporting import storage  # noqa: F401, PLC0415 - models must be loaded first
