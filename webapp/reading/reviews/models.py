"""A read is one reader's look at one study; what they say in it is only ever added to, never changed."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from webapp.imaging.annotations.models import Annotation
from webapp.imaging.archive.models import Study
from webapp.imaging.inference.models import Finding


class Reason(models.TextChoices):
    """Why a reader does not agree: chips, so that they can be counted."""

    NOT_THERE = "not_there", "Nothing there"
    ARTEFACT = "artefact", "Artefact"
    NORMAL = "normal", "Normal anatomy"
    KNOWN = "known", "Old or known"
    WRONG_LABEL = "wrong_label", "Something else"
    WRONG_PLACE = "wrong_place", "Wrong place"
    UNSURE = "unsure", "Cannot tell from these images"


class Read(models.Model):
    """One reader's read of one study.

    Attributes
    ----------
    impression, is_abnormal
        Where the site reads first: what the reader committed before the AI's answer was shown. Written once.
    """

    class ReaderRole(models.IntegerChoices):
        """As whom somebody reads. A third reads only where two differ."""

        FIRST = 1, "First reader"
        SECOND = 2, "Second reader"
        ADJUDICATOR = 3, "Adjudicator"

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="reads")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reads")
    seat = models.PositiveSmallIntegerField(choices=ReaderRole.choices, default=ReaderRole.FIRST)
    begun_at = models.DateTimeField(default=timezone.now)
    is_abnormal = models.BooleanField(null=True)
    impression = models.CharField(max_length=1000, blank=True)
    committed_at = models.DateTimeField(null=True, help_text="when the impression was given, which reveals the AI")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "reader"], name="one_read_per_reader"),
            # A colleague who takes a study over sits down on the same seat; only one of the two finishes.
            models.UniqueConstraint(
                fields=["study", "seat"],
                condition=models.Q(finished_at__isnull=False),
                name="one_finished_read_per_seat",
            ),
        ]
        ordering = ["seat"]


class Review(models.Model):
    """What a reader says of one finding, or of a mark of theirs that no finding is. The newest of each counts."""

    class Decision(models.TextChoices):
        """What is said."""

        AGREE = "agree", "Agreed"
        DISAGREE = "disagree", "Disagreed"
        EDIT = "edit", "Corrected"
        MISSED = "missed", "Missed by AI"
        WITHDRAWN = "withdrawn", "Taken back"

    read = models.ForeignKey(Read, on_delete=models.PROTECT, related_name="verdicts")
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, null=True, related_name="verdicts")
    mark = models.ForeignKey(
        Annotation,
        on_delete=models.PROTECT,
        null=True,
        related_name="verdicts",
        help_text="where it is instead, or too",
    )
    mark_version = models.PositiveIntegerField(
        null=True, help_text="of an outline: the version that is meant, for good; see `outlined`"
    )
    missed = models.UUIDField(
        null=True, help_text="of what the AI missed, on its second image and later: the outline that was drawn first"
    )
    says = models.CharField(max_length=10, choices=Decision.choices)
    reasons = models.JSONField(default=list, help_text="of Reason")
    label_title = models.CharField(max_length=80, blank=True, help_text="what it is, in the reader's words")
    comment = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(finding__isnull=False) | models.Q(mark__isnull=False), name="verdict_of_something"
            )
        ]


class Comparison(models.Model):
    """Where two readers of a study stand to each other; made once, when the second has finished."""

    study = models.OneToOneField(Study, on_delete=models.PROTECT, related_name="comparison")
    created_at = models.DateTimeField(auto_now_add=True)
    both_present = models.PositiveIntegerField(help_text="findings that both call real")
    only_first = models.PositiveIntegerField()
    only_second = models.PositiveIntegerField()
    both_absent = models.PositiveIntegerField()
    ious = models.JSONField(default=list, help_text="overlap of each pair of boxes that both drew, 0 to 1")
    dices = models.JSONField(default=list, help_text="overlap of each pair of outlines, 0 to 1")
    differences = models.JSONField(default=list, help_text="sentences: what they differ in beyond the tolerance")


class OutlineOverlap(models.Model):
    """How far two outlines of one finding lie over each other; measured once, when the later of them is final.

    Attributes
    ----------
    read, other
        The read that was finished, and that of the other reader; without one it is measured against the AI's outline.
    model, version
        What outlined the finding.
    is_drawn
        The reader drew; else they let the AI's outline stand, which is an overlap of 1 that nobody measured.
    """

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="overlaps")
    read = models.ForeignKey(Read, on_delete=models.PROTECT, related_name="overlaps")
    other = models.ForeignKey(Read, on_delete=models.PROTECT, null=True, related_name="+")
    model = models.CharField(max_length=60, blank=True)
    version = models.CharField(max_length=40, blank=True)
    is_drawn = models.BooleanField()
    dice = models.FloatField(help_text="0 to 1, over all images of the finding")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["at"])]
