"""A critical result and each time that somebody was told of it: rows are added, none is ever changed."""

from enum import StrEnum

from django.conf import settings
from django.db import models
from django.utils import timezone

from webapp.imaging.archive.models import Study
from webapp.imaging.inference.models import Finding


class State(StrEnum):
    """How far it is; follows from who was told."""

    OPEN = "Not notified yet"
    TOLD = "Notified, not read back"
    ACKNOWLEDGED = "Read back"
    WITHDRAWN = "Withdrawn"


class CriticalResult(models.Model):
    """What a reader found that cannot wait for the report."""

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
    """One notification of a critical result: who was told, how, when.

    Only who repeats the result has surely understood it: `read_back` is what closes the loop (Joint Commission
    NPSG.02.03.01; ACR practice parameter for communication of diagnostic imaging findings).
    """

    class How(models.TextChoices):
        """The way it was told."""

        PHONE = "phone", "By phone"
        PERSON = "person", "In person"
        MESSAGE = "message", "By message"

    critical = models.ForeignKey(CriticalResult, on_delete=models.PROTECT, related_name="notifications")
    told = models.CharField(max_length=120, help_text="name and role of who was told")
    how = models.CharField(max_length=8, choices=How.choices)
    read_back = models.BooleanField(help_text="they repeated it")
    told_at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["told_at", "pk"]


class Withdrawal(models.Model):
    """A critical result was recorded by mistake: it stays, with why nobody has to be told of it (any more)."""

    critical = models.OneToOneField(CriticalResult, on_delete=models.PROTECT, related_name="withdrawal")
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)


class Escalation(models.Model):
    """Nobody read a critical result back within its site's target: written once, when the time was over."""

    critical = models.OneToOneField(CriticalResult, on_delete=models.PROTECT, related_name="escalation")
    target_minutes = models.PositiveIntegerField(help_text="the site's target at that moment")
    at = models.DateTimeField(auto_now_add=True)
