"""Worklist: configuration."""

from django.apps import AppConfig
from django.db.models.signals import post_save


class WorklistConfig(AppConfig):
    """Tasks, priorities and claims."""

    name = "webapp.reading.worklist"

    def ready(self) -> None:
        """Let every study have its task from its first moment, and every finished run raise it."""
        from webapp.reading.worklist import receivers  # noqa: PLC0415 - models are there only now

        post_save.connect(receivers.study_arrived, sender="archive.Study")
        post_save.connect(receivers.run_moved, sender="inference.RunEvent")
