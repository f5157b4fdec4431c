"""An export: which studies, what is kept of them, how far it is, and what could not leave."""

import uuid

from django.conf import settings
from django.db import models

from webapp.studies.models import Instance, Study


class Export(models.Model):
    """Studies on their way out. Its file lies in the data folder under its id until it expires."""

    class State(models.TextChoices):
        """Where it is."""

        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Being made"
        DONE = "done", "Ready"
        FAILED = "failed", "Failed"
        EXPIRED = "expired", "Expired"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=60, help_text="exports of one name give one person one pseudonym")
    studies = models.ManyToManyField(Study, related_name="exports")
    options = models.JSONField(default=dict)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0, help_text="counted before work starts; a fencing token")
    beat_at = models.DateTimeField(null=True, help_text="last sign of life of whoever makes it")
    objects_total = models.PositiveIntegerField(default=0)
    objects_done = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    file_size = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["state", "asked_at"])]


class ExportProblem(models.Model):
    """An object that did not leave, and why."""

    export = models.ForeignKey(Export, on_delete=models.CASCADE, related_name="problems")
    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="+")
    sentence = models.CharField(max_length=300)

    class Meta:
        ordering = ["pk"]
