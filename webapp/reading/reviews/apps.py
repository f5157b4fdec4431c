"""Verdicts: configuration."""

from django.apps import AppConfig


class VerdictsConfig(AppConfig):
    """What readers say of findings, and of each other."""

    name = "webapp.reading.reviews"
