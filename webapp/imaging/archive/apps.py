"""Archive: configuration."""

from django.apps import AppConfig


class ArchiveConfig(AppConfig):
    """What arrived and how it is stored."""

    name = "webapp.imaging.archive"
