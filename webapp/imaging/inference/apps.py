"""Inference: configuration."""

from django.apps import AppConfig


class InferenceConfig(AppConfig):
    """The cascade's runs."""

    name = "webapp.imaging.inference"

    def ready(self) -> None:
        """Register the work that is done behind the pages."""
        from webapp.imaging.inference import jobs  # noqa: F401, PLC0415 - models must be loaded first
