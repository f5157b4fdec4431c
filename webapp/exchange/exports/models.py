"""Exports: their studies, options and progress, and the objects that could not be exported."""

from django.db import models

from webapp.foundation.outbox.file_jobs import FileJob
from webapp.imaging.archive.models import Instance, Study


class Export(FileJob):
    """A de-identified export of studies. Its file is in the data folder, named by its id, until it expires."""

    name = models.CharField(max_length=60, help_text="exports of one name give one person one pseudonym")
    studies = models.ManyToManyField(Study, related_name="exports")
    options = models.JSONField(default=dict)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["state", "requested_at"])]


class ExportProblem(models.Model):
    """An object that was not exported, and why."""

    export = models.ForeignKey(Export, on_delete=models.CASCADE, related_name="problems")
    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="+")
    sentence = models.CharField(max_length=300)

    class Meta:
        ordering = ["pk"]
