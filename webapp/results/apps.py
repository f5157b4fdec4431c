"""Results: configuration."""

from django.apps import AppConfig


class ResultsConfig(AppConfig):
    """The DICOM objects of finished runs; hears of each."""

    name = "webapp.results"

    def ready(self) -> None:
        """Start listening."""
        from webapp.results import signals  # noqa: F401, PLC0415 - models must be loaded first
