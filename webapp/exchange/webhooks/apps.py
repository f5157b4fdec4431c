"""App configuration of webhooks."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Signed notifications to other programs."""

    name = "webapp.exchange.webhooks"

    def ready(self) -> None:
        """Connect the signal receivers and register this app's kind of background work."""
        from webapp.exchange.webhooks import delivery, receivers  # noqa: F401, PLC0415 - models must be loaded first
