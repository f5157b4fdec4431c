"""App configuration of exports."""

from django.apps import AppConfig


class ExportsConfig(AppConfig):
    """De-identified exports."""

    name = "webapp.exchange.exports"

    def ready(self) -> None:
        """Register this app's kind of background work."""
        from webapp.exchange.exports import jobs  # noqa: F401, PLC0415 - models must be loaded first
