"""Critical results and their notifications: rows are added, none is ever changed."""

from enum import StrEnum

from django.conf import settings
from django.db import models
from django.utils import timezone

from webapp.imaging.archive.models import Study
from webapp.imaging.inference.models import Finding


class State(StrEnum):
    """State of a critical result; follows from its notifications."""

    OPEN = "Not notified yet"
    NOTIFIED = "Notified, not read back"
    ACKNOWLEDGED = "Read back"
    WITHDRAWN = "Withdrawn"


class CriticalResult(models.Model):
    """A finding that cannot wait for the report."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="criticals")
    sentence = models.CharField(max_length=300, help_text="what is critical")
    finding = models.ForeignKey(
        Finding, on_delete=models.PROTECT, null=True, related_name="+", help_text="what the AI pointed at, where it did"
    )
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["opened_at", "pk"]
        indexes = [models.Index(fields=["opened_at"])]


class Notification(models.Model):
    """One notification of a critical result: recipient, way, time.

    Only a recipient who repeats the result has surely understood it: `read_back` closes the loop (Joint Commission
    NPSG.02.03.01; ACR practice parameter for communication of diagnostic imaging findings).
    """

    class How(models.TextChoices):
        """The way of the notification."""

        PHONE = "phone", "By phone"
        PERSON = "person", "In person"
        MESSAGE = "message", "By message"

    critical = models.ForeignKey(CriticalResult, on_delete=models.PROTECT, related_name="notifications")
    recipient = models.CharField(max_length=120, help_text="name and role")
    how = models.CharField(max_length=8, choices=How.choices)
    read_back = models.BooleanField(help_text="they repeated it")
    notified_at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["notified_at", "pk"]


class Withdrawal(models.Model):
    """The withdrawal of a critical result that was recorded by mistake: the result stays, with the reason."""

    critical = models.OneToOneField(CriticalResult, on_delete=models.PROTECT, related_name="withdrawal")
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)


class Escalation(models.Model):
    """The escalation of a critical result that nobody read back within its site's target; written once."""

    critical = models.OneToOneField(CriticalResult, on_delete=models.PROTECT, related_name="escalation")
    target_minutes = models.PositiveIntegerField(help_text="the site's target at that moment")
    at = models.DateTimeField(auto_now_add=True)
