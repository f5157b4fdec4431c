"""Studies: configuration."""

from django.apps import AppConfig


class StudiesConfig(AppConfig):
    """What arrived and how it is stored."""

    name = "webapp.imaging.archive"
