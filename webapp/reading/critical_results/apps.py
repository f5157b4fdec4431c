"""Critical results: configuration."""

from django.apps import AppConfig


class CriticalResultsConfig(AppConfig):
    """Critical results and their notifications."""

    name = "webapp.reading.critical_results"
