"""Webhooks: configuration."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Signed notices to other programs."""

    name = "webapp.exchange.webhooks"

    def ready(self) -> None:
        """Start listening, and register the work that is done behind the pages."""
        from webapp.exchange.webhooks import delivery, receivers  # noqa: F401, PLC0415 - models must be loaded first
