"""Who has sent what last."""

from django.db import models


class Sender(models.Model):
    """A scanner, an archive or a folder, as the audit trail names it, and when an object last came from it."""

    name = models.CharField(max_length=40, unique=True)
    address = models.CharField(max_length=45, blank=True)
    last_object_at = models.DateTimeField()
