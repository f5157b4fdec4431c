"""Routing: configuration."""

from django.apps import AppConfig


class RoutingConfig(AppConfig):
    """Destinations and what is sent to them; hears when a result is filed."""

    name = "webapp.exchange.routing"

    def ready(self) -> None:
        """Start listening, and register the work that is done behind the pages."""
        from webapp.exchange.routing import receivers, worker  # noqa: F401, PLC0415 - models must be loaded first
