"""Monitoring: configuration."""

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    """How the models perform on what arrives."""

    name = "webapp.administration.monitoring"
