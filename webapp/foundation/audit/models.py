"""One row an event, in a hash chain; the database itself refuses to change or drop a row."""

from django.db import models


class AuditEvent(models.Model):
    """Who did what to what, when, and whether it was allowed (after DICOM PS3.15 A.5).

    `details` never holds a patient's name or number: studies are named by our own id.
    """

    at = models.DateTimeField()
    code = models.CharField(max_length=40)
    actor = models.CharField(max_length=150, blank=True)
    address = models.CharField(max_length=45, blank=True)
    study = models.UUIDField(null=True)
    success = models.BooleanField(default=True)
    details = models.CharField(max_length=500, blank=True)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    class Meta:
        indexes = [models.Index(fields=["-at"]), models.Index(fields=["study"]), models.Index(fields=["actor"])]
