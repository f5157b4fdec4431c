"""Web: configuration."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class WebConfig(AppConfig):
    """The frame around every page, and its template tags."""

    name = "webapp.web"

    def ready(self) -> None:
        """Let each app register what it shows on the pages of others."""
        autodiscover_modules("contributions")
