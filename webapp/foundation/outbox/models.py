"""A piece of work that is done behind the pages. Its row is the truth; whoever does it may die at any moment."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone


class OutboxItem(models.Model):
    """One piece of work: of which kind, about what, and how far it has come.

    `attempt` is counted before any work starts, so that work that kills its process counts too. It is the fencing
    token: only the current attempt may finish, fail or renew.

    Attributes
    ----------
    subject
        Key of the row in the app that registered the kind. That row holds the answer and the words people read.
    lane
        Pieces of work in one lane are done one at a time: a destination, a subscription, a series. Empty: no lane.
    holder
        The process that works on it (`leases.Holder`); empty where that is known by its expiry alone.
    payload
        What else the work needs; never anything about a patient.
    """

    class State(models.TextChoices):
        """Where the work is."""

        WAITING = "waiting", "Waiting"
        LEASED = "leased", "Being done"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    kind = models.CharField(max_length=32)
    subject = models.CharField(max_length=64)
    lane = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    attempt = models.PositiveIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0, help_text="failed attempts since it was last asked for")
    next_at = models.DateTimeField(default=timezone.now, help_text="not before this")
    holder = models.CharField(max_length=64, blank=True)
    lease_expires_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True, help_text="why the last attempt failed, for people")
    payload: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, help_text="of the last attempt")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject"], name="one_item_per_subject"),
            # Two workers that claim in the same lane at once: the second one is refused by the database.
            models.UniqueConstraint(
                fields=["kind", "lane"], condition=Q(state="leased") & ~Q(lane=""), name="one_lease_per_lane"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "kind", "next_at"]),
            models.Index(fields=["kind", "lane", "state"]),
            models.Index(fields=["state", "finished_at"]),
        ]
