"""Critical results: configuration."""

from django.apps import AppConfig


class CriticalResultsConfig(AppConfig):
    """Critical results and who was told of them."""

    name = "webapp.reading.critical_results"
