"""App configuration of inference."""

from django.apps import AppConfig


class InferenceConfig(AppConfig):
    """Inference runs of the cascade."""

    name = "webapp.imaging.inference"

    def ready(self) -> None:
        """Register this app's kind of background work."""
        from webapp.imaging.inference import jobs  # noqa: F401, PLC0415 - models must be loaded first
