"""Versions of reports, their signatures, and discrepancies between AI and report.

What is signed is never changed: services guard it, and triggers of the database behind them (migration 0002).
"""

import uuid

from django.conf import settings
from django.db import models

from webapp.imaging.archive.models import Study
from webapp.imaging.dicom_objects.models import OwedObjects, ResultSeries
from webapp.imaging.inference.models import Finding
from webapp.reading.reviews.models import Read, Review


class Report(models.Model):
    """One version of the report of a study: somebody's draft, or signed.

    Attributes
    ----------
    sections
        In their order: [{"key", "title", "text"}, ...].
    statements
        The accepted findings as they were when it was signed (see `accepted_findings.Statement`).
    edit
        Number of times a draft was saved, so that an outdated window cannot overwrite a newer one.
    """

    class Kind(models.TextChoices):
        """How final it is."""

        PRELIMINARY = "preliminary", "Preliminary"
        FINAL = "final", "Final"
        ADDENDUM = "addendum", "Addendum"

    class State(models.TextChoices):
        """Draft or signed; there is no way back."""

        DRAFT = "draft", "Draft"
        SIGNED = "signed", "Signed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="reports")
    number = models.PositiveIntegerField(null=True, help_text="of the signed versions of a study, from 1")
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.FINAL)
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    template = models.CharField(max_length=40)
    template_version = models.CharField(max_length=16)
    sections = models.JSONField(default=list)
    free_text = models.TextField(blank=True)
    is_abnormal = models.BooleanField(null=True, help_text="what it comes to, where the reader says so")
    statements = models.JSONField(default=list)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reports")
    read = models.ForeignKey(
        Read, on_delete=models.PROTECT, null=True, related_name="+", help_text="whose accepted findings it tells"
    )
    supersedes = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="superseding")
    edit = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="report_number_per_study"),
            models.UniqueConstraint(
                fields=["study", "author"], condition=models.Q(state="draft"), name="one_draft_per_author"
            ),
            models.UniqueConstraint(
                fields=["study"],
                condition=models.Q(state="signed", kind="final"),
                name="one_final_report_per_study",
            ),
            models.UniqueConstraint(
                fields=["supersedes"], condition=models.Q(state="signed"), name="report_superseded_once"
            ),
            models.CheckConstraint(
                condition=models.Q(state="draft", number=None) | models.Q(state="signed", number__isnull=False),
                name="signed_reports_are_numbered",
            ),
        ]
        ordering = ["number"]


class Signature(models.Model):
    """The signature of a report: user, meaning, time, images and models. Written once.

    Attributes
    ----------
    digests
        sha256 of what was signed: see `webapp.reading.reporting.signing.digests_now`.
    digest
        Of user, meaning, time and all digests together, canonically written.
    """

    report = models.OneToOneField(Report, on_delete=models.PROTECT, related_name="signature")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="signatures")
    login = models.CharField(max_length=150, help_text="their user name then")
    name = models.CharField(max_length=301, help_text="their name then")
    meaning = models.CharField(max_length=200)
    at = models.DateTimeField()
    digests = models.JSONField()
    digest = models.CharField(max_length=64)


class Discrepancy(models.Model):
    """A discrepancy between AI and signed report, open until it is acknowledged."""

    class Direction(models.TextChoices):
        """Whether AI or report is positive."""

        AI_ONLY = "ai", "AI yes, report no"
        REPORT_ONLY = "report", "AI no, report yes"

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="discrepancies")
    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="discrepancies")
    direction = models.CharField(max_length=8, choices=Direction.choices)
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, null=True, related_name="+")
    review = models.ForeignKey(
        Review, on_delete=models.PROTECT, null=True, related_name="+", help_text="what the report says of it"
    )
    sentence = models.CharField(max_length=500)
    created_at = models.DateTimeField(auto_now_add=True)
    acknowledged_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    acknowledged_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name_plural = "discrepancies"
        indexes = [models.Index(fields=["acknowledged_at", "created_at"])]
        ordering = ["created_at", "pk"]


class ReportObjects(OwedObjects):
    """The DICOM objects that a signed report is owed."""

    report = models.OneToOneField(Report, on_delete=models.PROTECT, related_name="objects_owed")
    series = models.ManyToManyField(
        ResultSeries,
        related_name="+",
        help_text="structured report, document, and segmentations where outlines were drawn",
    )

    class Meta(OwedObjects.Meta):
        abstract = False
        verbose_name_plural = "report objects"
