"""Marks: configuration."""

from django.apps import AppConfig


class MarksConfig(AppConfig):
    """What people draw and measure on images."""

    name = "webapp.imaging.annotations"
