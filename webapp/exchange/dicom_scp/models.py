"""The senders of objects, and when each last sent one."""

from django.db import models


class Sender(models.Model):
    """A scanner, an archive or a folder, named as in the audit trail, and when it last sent an object."""

    name = models.CharField(max_length=40, unique=True)
    address = models.CharField(max_length=45, blank=True)
    last_object_at = models.DateTimeField()
