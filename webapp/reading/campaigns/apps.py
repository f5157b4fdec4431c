"""Campaigns: configuration."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """Annotation campaigns and their training sets."""

    name = "webapp.reading.campaigns"

    def ready(self) -> None:
        """Register the work that is done behind the pages."""
        from webapp.reading.campaigns import dataset_jobs  # noqa: F401, PLC0415 - models must be loaded first
