"""The DICOM objects built from a run's results, and the state of building them."""

from django.db import models

from webapp.imaging.archive.models import Series
from webapp.imaging.inference.models import Run


class OwedObjects(models.Model):
    """A request to build DICOM objects, and its outcome; the outbox keeps track of the attempts."""

    class State(models.TextChoices):
        """The state of the work."""

        OWED = "owed", "To be made"
        DONE = "done", "Made"
        FAILED = "failed", "Not made"
        NONE = "none", "None"

    state = models.CharField(max_length=8, choices=State.choices, default=State.OWED)
    reason = models.CharField(max_length=300, blank=True, help_text="why nothing was made, or what was left out")
    owed_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        indexes = [models.Index(fields=["state", "id"])]


class ResultSet(OwedObjects):
    """All objects of one run, requested once and built once."""

    run = models.OneToOneField(Run, on_delete=models.PROTECT, related_name="results")
    ms = models.FloatField(null=True, help_text="that the attempt took which made them")

    class Meta(OwedObjects.Meta):
        abstract = False


class ResultSeries(models.Model):
    """A series that Readroom created: listed and served like any other, never analysed."""

    class Kind(models.TextChoices):
        """The kind of its objects."""

        SEG = "SEG", "Segmentation"
        SR = "SR", "Structured report"
        SC = "SC", "Picture"
        DOC = "DOC", "Document"

    results = models.ForeignKey(
        ResultSet, on_delete=models.PROTECT, null=True, related_name="series", help_text="none: of a signed report"
    )
    kind = models.CharField(max_length=3, choices=Kind.choices)
    series = models.OneToOneField(Series, on_delete=models.PROTECT, related_name="result")

    class Meta:
        ordering = ["kind"]
        constraints = [models.UniqueConstraint(fields=["results", "kind"], name="one_series_per_kind")]
