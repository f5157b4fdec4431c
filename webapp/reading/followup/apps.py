"""Follow-up: configuration."""

from django.apps import AppConfig


class FollowUpConfig(AppConfig):
    """Lesions over several studies, and registrations."""

    name = "webapp.reading.followup"

    def ready(self) -> None:
        """Register the work that is done behind the pages."""
        from webapp.reading.followup import registration_jobs  # noqa: F401, PLC0415 - models must be loaded first
