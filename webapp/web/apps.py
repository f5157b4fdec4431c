"""Pages: configuration."""

from django.apps import AppConfig


class PagesConfig(AppConfig):
    """The pages and their template tags."""

    name = "webapp.web"
