"""App configuration of the archive."""

from django.apps import AppConfig


class ArchiveConfig(AppConfig):
    """The image archive."""

    name = "webapp.imaging.archive"
