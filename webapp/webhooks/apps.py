"""Webhooks: configuration."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Signed notices to other programs."""

    name = "webapp.webhooks"
