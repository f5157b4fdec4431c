"""A mark on one image and all that it ever said. What a network points at is a finding (`webapp.runs`), no mark."""

from django.conf import settings
from django.db import models

from webapp.studies.models import Instance


class Mark(models.Model):
    """Something that a person drew on one image. Its browser chooses `id`, so that sending it twice makes one.

    What it says stands in its versions; `version` is the number of the one that counts now.
    """

    class Kind(models.TextChoices):
        """What was drawn."""

        LENGTH = "length", "Length"
        ANGLE = "angle", "Angle"
        RECTANGLE = "rectangle", "Rectangle"
        ELLIPSE = "ellipse", "Ellipse"
        PROBE = "probe", "Probe"
        BOX = "box", "Box"
        OUTLINE = "outline", "Outline"

    id = models.UUIDField(primary_key=True)
    instance = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="marks")
    frame = models.PositiveIntegerField(help_text="from 1, as DICOM counts")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="marks")
    version = models.PositiveIntegerField(default=0)


class MarkVersion(models.Model):
    """What a mark said from one moment to the next. A row is written once and never changed."""

    class Unit(models.TextChoices):
        """Of lengths and areas: millimetres only where the header calibrates."""

        MM = "mm", "Millimetres"
        PX = "px", "Pixels"

    mark = models.ForeignKey(Mark, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField(help_text="from 1")
    at = models.DateTimeField(auto_now_add=True)
    points = models.JSONField(help_text="[[x, y], ...] in pixels; the centre of the first pixel is 0, 0")
    text = models.CharField(max_length=500, blank=True)
    figures = models.JSONField(default=dict, help_text="name -> number, as the author's screen showed them")
    unit = models.CharField(max_length=2, choices=Unit.choices)
    mask = models.CharField(
        max_length=64, blank=True, help_text="of an outline: sha256 of its PNG, one bit a pixel, Rows x Columns"
    )
    is_hidden = models.BooleanField(default=False, help_text="the author took the mark away")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mark", "version"], name="one_row_per_mark_version")]
        ordering = ["version"]

    @property
    def is_empty(self) -> bool:
        """Whether it is an outline by which somebody says that there is nothing to outline: it has no corners."""
        return bool(self.mask) and not self.points
