"""Webhook subscriptions, and the notices sent to them."""

import hashlib
import hmac
import secrets
import uuid

from django.conf import settings
from django.db import models

from webapp.foundation.accounts.models import Site
from webapp.imaging.archive.models import Study


class Happening(models.TextChoices):
    """The events to which a webhook can subscribe."""

    STUDY_RECEIVED = "study.received", "Study received"
    RUN_FINISHED = "run.finished", "Analysis finished"
    RESULT_FILED = "result.filed", "Result filed"
    REPORT_SIGNED = "report.signed", "Report signed"
    CRITICAL_OVERDUE = "critical.overdue", "Critical result not read back in time"


def fresh_salt() -> str:
    """Return a random salt; a new salt gives a subscription a new secret."""
    return secrets.token_hex(16)


class Subscription(models.Model):
    """A URL that is notified of some kinds of event."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=40, unique=True)
    url = models.CharField(max_length=300)
    happenings = models.JSONField(default=list)
    site = models.ForeignKey(
        Site,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        help_text="whose studies it is told of; none: every site's",
    )
    salt = models.CharField(max_length=32, default=fresh_salt)
    is_active = models.BooleanField(default=True, help_text="off: nothing new is told; what waits goes on waiting")
    created_at = models.DateTimeField(auto_now_add=True)

    @property
    def told_of(self) -> list[str]:
        """The names of its events, for display."""
        return [Happening(happening).label for happening in self.happenings]

    @property
    def secret(self) -> str:
        """The key of its signatures, derived from the secret key and the salt: the database does not contain it."""
        told = f"webhook\0{self.pk}\0{self.salt}".encode()
        return hmac.new(settings.SECRET_KEY.encode(), told, hashlib.sha256).hexdigest()


class Notice(models.Model):
    """The notification of one subscription about one event; `event` stays the same however often it is sent."""

    class State(models.TextChoices):
        """State shown to people; the outbox keeps track of leases and retries."""

        WAITING = "waiting", "Waiting"
        SENDING = "sending", "Sending"
        SENT = "sent", "Sent"
        FAILED = "failed", "Not sent"

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="notices")
    event = models.UUIDField()
    happening = models.CharField(max_length=20, choices=Happening.choices)
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="+")
    body = models.JSONField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    said = models.CharField(max_length=200, blank=True, help_text="the last sentence about it")
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subscription", "event"], name="event_once_per_subscription")]
        indexes = [models.Index(fields=["-created_at"])]
