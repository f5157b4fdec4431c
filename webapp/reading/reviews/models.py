"""Reads and reviews: a read is one reader's reading of one study; its reviews are added, never changed."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from webapp.imaging.annotations.models import Annotation
from webapp.imaging.archive.models import Study
from webapp.imaging.inference.models import Finding


class Reason(models.TextChoices):
    """Why a reader disagrees: a fixed list, so that reasons can be counted."""

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
        """The role in which a user reads. An adjudicator reads only where two readers differ."""

        FIRST = 1, "First reader"
        SECOND = 2, "Second reader"
        ADJUDICATOR = 3, "Adjudicator"

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="reads")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reads")
    role = models.PositiveSmallIntegerField(choices=ReaderRole.choices, default=ReaderRole.FIRST)
    begun_at = models.DateTimeField(default=timezone.now)
    is_abnormal = models.BooleanField(null=True)
    impression = models.CharField(max_length=1000, blank=True)
    committed_at = models.DateTimeField(null=True, help_text="when the impression was given, which reveals the AI")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "reader"], name="one_read_per_reader"),
            # A colleague who takes a study over reads in the same role; only one of the two finishes.
            models.UniqueConstraint(
                fields=["study", "role"],
                condition=models.Q(finished_at__isnull=False),
                name="one_finished_read_per_role",
            ),
        ]
        ordering = ["role"]


class Review(models.Model):
    """A reader's decision on one finding, or on an annotation of what the AI missed. The newest of each counts."""

    class Decision(models.TextChoices):
        """The decision."""

        AGREE = "agree", "Agreed"
        DISAGREE = "disagree", "Disagreed"
        EDIT = "edit", "Corrected"
        MISSED = "missed", "Missed by AI"
        WITHDRAWN = "withdrawn", "Taken back"

    read = models.ForeignKey(Read, on_delete=models.PROTECT, related_name="reviews")
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, null=True, related_name="reviews")
    mark = models.ForeignKey(
        Annotation,
        on_delete=models.PROTECT,
        null=True,
        related_name="reviews",
        help_text="where it is instead, or too",
    )
    mark_version = models.PositiveIntegerField(
        null=True, help_text="of an outline: the version that is meant, for good; see `selectors.outlines_of`"
    )
    missed_group = models.UUIDField(
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
                condition=models.Q(finding__isnull=False) | models.Q(mark__isnull=False), name="review_of_something"
            )
        ]


class Comparison(models.Model):
    """The agreement of two readers of a study; created once, when the second has finished."""

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
    """The overlap of two outlines of one finding; measured once, when the later of them is final.

    Attributes
    ----------
    read, other
        The read that was finished, and that of the other reader; without one it is measured against the AI's outline.
    model, version
        What outlined the finding.
    is_drawn
        Whether the reader drew; else they left the AI's outline unchanged, an overlap of 1 by definition.
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
