"""Exports: configuration."""

from django.apps import AppConfig


class ExportsConfig(AppConfig):
    """Exports without identities."""

    name = "webapp.exchange.exports"
