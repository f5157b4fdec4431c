"""App configuration of annotations."""

from django.apps import AppConfig


class AnnotationsConfig(AppConfig):
    """What people draw and measure on images."""

    name = "webapp.imaging.annotations"
