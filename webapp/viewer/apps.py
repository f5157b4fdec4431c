"""The viewer: configuration."""

from django.apps import AppConfig


class ViewerConfig(AppConfig):
    """The viewer's page; its built files lie in this app's static folder."""

    name = "webapp.viewer"
