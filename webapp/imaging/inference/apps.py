"""Runs: configuration."""

from django.apps import AppConfig


class RunsConfig(AppConfig):
    """The cascade's runs."""

    name = "webapp.imaging.inference"
