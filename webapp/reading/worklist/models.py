"""Reading tasks and the rules of a site: how urgent a study is, since when it waits, and its assignee."""

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone

from webapp.foundation.accounts.models import Site, User
from webapp.imaging.archive.models import Study


class Priority(models.IntegerChoices):
    """The priority that a person or the order gave a study."""

    STAT = 0, "STAT"
    URGENT = 1, "Urgent"
    ROUTINE = 2, "Routine"


class SiteSettings(models.Model):
    """The reading rules of a site. A site without a row has the defaults."""

    site = models.OneToOneField(Site, on_delete=models.CASCADE, primary_key=True, related_name="rules")
    stat_minutes = models.PositiveIntegerField(default=30, help_text="a STAT task is due after so long")
    urgent_minutes = models.PositiveIntegerField(default=120)
    routine_minutes = models.PositiveIntegerField(default=1440)
    critical_minutes = models.PositiveIntegerField(
        default=60, help_text="a critical result is read back within so long"
    )
    claim_minutes = models.PositiveIntegerField(
        default=20, help_text="a claim ends so long after its last sign of life"
    )
    read_first = models.BooleanField(default=False, help_text="the reader commits before the AI's answer is shown")
    two_readers_for = models.JSONField(
        default=list,
        help_text="body parts (as the sorter names them) whose studies two readers read; nobody's by default",
    )
    least_overlap = models.FloatField(default=0.5, help_text="IoU from which on two readers' boxes are the same")
    least_dice = models.FloatField(
        default=0.7, help_text="Dice from which on two readers' outlines are the same (Zijdenbos et al., 1994)"
    )
    cases_handed_out = models.PositiveBigIntegerField(
        default=0, help_text="cases that were handed out; every third is the oldest"
    )

    def target_minutes(self, priority: int) -> int:
        """Return after how many minutes a task of that priority is due."""
        return {Priority.STAT: self.stat_minutes, Priority.URGENT: self.urgent_minutes}.get(
            Priority(priority), self.routine_minutes
        )


class ReadingTask(models.Model):
    """One reading of one study.

    The AI may raise `ai_urgency`, and with it the place in the list; nothing lowers it but a newer task, and a
    person's `priority` is never touched by it.
    """

    class State(models.TextChoices):
        """Where the reading stands (services.py alone moves it)."""

        WAITING = "waiting", "Waiting"
        CLAIMED = "claimed", "Being read"
        DONE = "done", "Read"

    study = models.OneToOneField(Study, on_delete=models.PROTECT, related_name="task")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.ROUTINE)
    priority_reason = models.CharField(max_length=200, blank=True)
    ai_urgency = models.PositiveSmallIntegerField(default=0, help_text="0 routine .. 3 look at this first")
    ai_reason = models.CharField(max_length=300, blank=True)
    rank = models.PositiveSmallIntegerField(default=0, help_text="place in the list, see `rank_of`")
    waiting_since = models.DateTimeField(default=timezone.now)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="assigned_tasks"
    )
    claim_expires_at = models.DateTimeField(null=True)
    required_readers = models.PositiveSmallIntegerField(
        default=1, help_text="how many read it, blind to each other: 1 or 2"
    )
    needs_adjudication = models.BooleanField(default=False, help_text="the two differ: somebody who may adjudicates")
    read_by = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", help_text="who finished their read")
    claim_version = models.PositiveIntegerField(
        default=0, help_text="counts claims: tells a former assignee from this one"
    )
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # The list in its order, for one site and for whoever sees all; the oldest, for every third pick.
            models.Index(fields=["site", "state", "rank", "waiting_since"]),
            models.Index(fields=["state", "rank", "waiting_since"]),
            models.Index(fields=["site", "state", "waiting_since"]),
        ]

    @property
    def is_claimed(self) -> bool:
        """Whether it has an assignee now; an expired claim does not count."""
        return (
            self.state == self.State.CLAIMED
            and self.claim_expires_at is not None
            and self.claim_expires_at > timezone.now()
        )

    def is_claimed_by(self, user: User | AnonymousUser) -> bool:
        """Say whether this user is the assignee now."""
        return self.is_claimed and self.assignee_id == user.pk


class ReadingTaskEvent(models.Model):
    """One transition of a task; written in the same transaction, never changed."""

    task = models.ForeignKey(ReadingTask, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(auto_now_add=True)
    event = models.CharField(max_length=16)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["pk"]


#: From this on the AI's answer is critical and the task stands above all but STAT.
AI_CRITICAL = 3


def rank_of(*, priority: int, ai_urgency: int) -> int:
    """Place in the list: STAT, then what the AI calls critical, then urgent, then the AI's lower levels, then the rest.

    Within a place the oldest comes first.
    """
    if priority == Priority.STAT:
        return 0
    if ai_urgency >= AI_CRITICAL:
        return 1
    return 2 if priority == Priority.URGENT else 2 + AI_CRITICAL - ai_urgency
