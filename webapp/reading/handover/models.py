"""Hand-overs: their lines stay as they were written, whatever becomes of the items."""

from django.conf import settings
from django.db import models

from webapp.foundation.accounts.models import Site
from webapp.imaging.archive.models import Study


class Handover(models.Model):
    """The open items of a site at the end of a shift. Another reader accepts it, once."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    note = models.TextField(max_length=2000, blank=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    accepted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["site", "-at"])]


class HandoverLine(models.Model):
    """One open item. It holds no name: the patient is looked up when the line is shown."""

    handover = models.ForeignKey(Handover, on_delete=models.PROTECT, related_name="lines")
    kind = models.CharField(max_length=16)
    about = models.CharField(max_length=64, help_text="unique among the lines of its kind")
    study = models.ForeignKey(Study, on_delete=models.PROTECT, null=True, related_name="+")
    sentence = models.CharField(max_length=300)

    class Meta:
        ordering = ["pk"]
