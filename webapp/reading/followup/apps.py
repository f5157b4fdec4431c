"""Follow-up: configuration."""

from django.apps import AppConfig


class FollowUpConfig(AppConfig):
    """Lesions over several studies."""

    name = "webapp.reading.followup"
