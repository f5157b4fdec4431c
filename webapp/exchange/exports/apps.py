"""Exports: configuration."""

from django.apps import AppConfig


class ExportsConfig(AppConfig):
    """Exports without identities."""

    name = "webapp.exchange.exports"

    def ready(self) -> None:
        """Register the work that is done behind the pages."""
        from webapp.exchange.exports import jobs  # noqa: F401, PLC0415 - models must be loaded first
