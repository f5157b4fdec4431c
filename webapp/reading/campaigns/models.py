"""Campaigns: one question about many pictures; answers are only added; the consensus is saved in numbered sets."""

from collections.abc import Sequence

from django.conf import settings
from django.db import models

from webapp.foundation.accounts.models import Site
from webapp.foundation.outbox.file_jobs import FileJob
from webapp.imaging.archive.models import Instance, Series, Study


class Campaign(models.Model):
    """One question about pictures of one site.

    Attributes
    ----------
    readers, readers_per_case
        Who is invited, and how many of them answer each case, blind to each other.
    selection
        How its cases were picked: what was searched for, by which rule and seed, how many were found.
    """

    class State(models.TextChoices):
        """Whether it takes answers."""

        OPEN = "open", "Open"
        CLOSED = "closed", "Closed"

    name = models.CharField(max_length=80)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="campaigns")
    question = models.CharField(max_length=300)
    answers = models.JSONField(help_text="the labels that may be given, at most nine")
    asks_boxes = models.BooleanField(default=False)
    asks_outlines = models.BooleanField(default=False)
    readers = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="campaigns")
    readers_per_case = models.PositiveSmallIntegerField(default=2)
    selection = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=State.choices, default=State.OPEN)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["site", "-created_at"])]

    @property
    def is_open(self) -> bool:
        """Whether it takes answers."""
        return self.state == self.State.OPEN


class Case(models.Model):
    """One series in a campaign: the question is asked of one of its frames, the others are shown around it."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="cases")
    number = models.PositiveIntegerField(help_text="in the order in which they were picked, from 1")
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="+")
    instance = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="+")
    frame = models.PositiveIntegerField(default=0, help_text="frame of that instance, from 0")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "series"], name="one_case_per_series"),
            models.UniqueConstraint(fields=["campaign", "number"], name="case_number_per_campaign"),
        ]

    @property
    def study(self) -> Study:
        """The study that it belongs to."""
        return self.series.study


class Answer(models.Model):
    """An answer to a case. The newest of each reader counts.

    Attributes
    ----------
    label
        One of the campaign's labels; empty: the reader could not tell.
    is_adjudication
        Given by the adjudicator of readers that differ, with their answers in view.
    outline, outlined
        Where readers outline: sha256 of the mask of the frame asked about (`webapp.imaging.annotations.masks`), and how
        many pixels it holds. 0: nothing to outline, as the reader marked; None: not outlined.
    shows_name
        The picture shows a name or number: it is never exported.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="answers")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    is_adjudication = models.BooleanField(default=False)
    label = models.CharField(max_length=40, blank=True)
    boxes = models.JSONField(default=list, help_text="[[x0, y0, x1, y1], ...] in pixels of the frame")
    outline = models.CharField(max_length=64, blank=True, help_text="sha256 of its PNG, one bit a pixel")
    outlined = models.PositiveIntegerField(null=True, help_text="pixels; 0: nothing to outline, null: not outlined")
    comment = models.CharField(max_length=500, blank=True)
    shows_name = models.BooleanField(default=False)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    @property
    def text(self) -> str:
        """The answer in words."""
        return self.label or UNDETERMINED

    @property
    def box_list(self) -> Sequence[Sequence[float]]:
        """The boxes as they were drawn."""
        boxes: Sequence[Sequence[float]] = self.boxes
        return boxes

    @property
    def outline_text(self) -> str:
        """The outline in words; "" where there is none."""
        if self.outlined is None:
            return ""
        return (
            f"outlined, {self.outlined} pixel{'' if self.outlined == 1 else 's'}" if self.outlined else NOTHING_OUTLINED
        )


UNDETERMINED = "Cannot tell"
NOTHING_OUTLINED = "nothing to outline"


class ConsensusSet(FileJob):
    """One numbered version of what a campaign agreed on: rows that never change, and the zip that is made of them."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="sets")
    number = models.PositiveIntegerField()
    looked_through = models.BooleanField(
        default=False,
        help_text="who asked answers for pictures in which writing is suspected: none shows a name",
    )
    summary = models.JSONField(default=dict, help_text="agreement and counts when it was asked for")
    digest = models.CharField(max_length=64, help_text="sha256 over its rows")

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["campaign", "number"], name="set_number_per_campaign")]
        indexes = [models.Index(fields=["state", "requested_at"])]


class ConsensusRow(models.Model):
    """One case in a set, as it stood when the set was asked for; `refused` alone is written when the file is made."""

    class By(models.TextChoices):
        """Who the label is from."""

        AGREED = "agreed", "Agreed"
        ADJUDICATED = "adjudicated", "Adjudicated"
        ONE = "one reader", "One reader"

    of = models.ForeignKey(ConsensusSet, on_delete=models.CASCADE, related_name="rows")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    by = models.CharField(max_length=16, choices=By.choices)
    label = models.CharField(max_length=40)
    boxes = models.JSONField(default=list)
    mask = models.CharField(
        max_length=64, blank=True, help_text="sha256 of the outline that is kept; empty: none asked"
    )
    group = models.CharField(max_length=16, help_text="pseudonym of the patient within the campaign")
    split = models.CharField(max_length=8, help_text="train, val or test: one for all pictures of a group, for good")
    refused = models.CharField(max_length=300, blank=True, help_text="why its picture stays here")

    class Meta:
        ordering = ["case__number"]
        constraints = [models.UniqueConstraint(fields=["of", "case"], name="one_row_per_case_and_set")]
