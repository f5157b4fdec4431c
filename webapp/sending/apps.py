"""Sending: configuration."""

from django.apps import AppConfig


class SendingConfig(AppConfig):
    """Destinations and what is sent to them; hears when a result is filed."""

    name = "webapp.sending"

    def ready(self) -> None:
        """Start listening."""
        from webapp.sending import results  # noqa: F401, PLC0415 - models must be loaded first
