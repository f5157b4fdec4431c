"""App configuration of routing."""

from django.apps import AppConfig


class RoutingConfig(AppConfig):
    """Destinations, and the deliveries to them."""

    name = "webapp.exchange.routing"

    def ready(self) -> None:
        """Connect the signal receivers and register this app's kind of background work."""
        from webapp.exchange.routing import receivers, worker  # noqa: F401, PLC0415 - models must be loaded first
