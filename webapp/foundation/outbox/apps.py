"""Outbox: configuration."""

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    """What is done behind the pages."""

    name = "webapp.foundation.outbox"
