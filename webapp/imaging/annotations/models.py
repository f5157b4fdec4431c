"""Annotations on images and MPR planes, with all their versions. What a network reports is a finding instead."""

from uuid import UUID

from django.conf import settings
from django.db import models

from webapp.imaging.archive.models import Instance, Series


class Annotation(models.Model):
    """Something that a person drew. The browser chooses `id`, so that sending it twice creates one annotation.

    It lies either on one image or on an MPR plane through the volume of a series. Its content is in its versions;
    `version` is the number of the current one.
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
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="marks")
    instance = models.ForeignKey(
        Instance, on_delete=models.PROTECT, null=True, related_name="marks", help_text="none on a cut"
    )
    frame = models.PositiveIntegerField(null=True, help_text="from 1, as DICOM counts; none on a cut")
    frame_of_reference = models.CharField(
        max_length=64, blank=True, help_text="of a mark on a cut: Frame of Reference UID (PS3.3 C.7.4.1)"
    )
    normal = models.JSONField(null=True, help_text="of the cut: [x, y, z], of length 1, to the left, back and head")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="marks")
    version = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    instance__isnull=False, frame__isnull=False, frame_of_reference="", normal__isnull=True
                )
                | (
                    models.Q(instance__isnull=True, frame__isnull=True, normal__isnull=False)
                    & ~models.Q(frame_of_reference="")
                ),
                name="mark_lies_on_image_or_cut",
            )
        ]

    @property
    def is_on_cut(self) -> bool:
        """Whether it lies on an MPR plane rather than on an image."""
        return self.instance_id is None

    @property
    def image(self) -> Instance:
        """The image that it lies on; not to be used if it lies on an MPR plane."""
        assert self.instance is not None
        return self.instance

    @property
    def place(self) -> tuple[UUID, int]:
        """The id of the image it lies on, and the frame (from 0); not to be used if it lies on an MPR plane."""
        assert self.instance_id is not None
        assert self.frame is not None
        return self.instance_id, self.frame - 1


class AnnotationVersion(models.Model):
    """The content of an annotation at one time. A row is written once and never changed."""

    class Unit(models.TextChoices):
        """Unit of lengths and areas: millimetres only if the header calibrates the image."""

        MM = "mm", "Millimetres"
        PX = "px", "Pixels"

    mark = models.ForeignKey(Annotation, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField(help_text="from 1")
    at = models.DateTimeField(auto_now_add=True)
    points = models.JSONField(
        help_text="[[x, y], ...] in pixels, the centre of the first being 0, 0; on a cut [[x, y, z], ...] in mm"
    )
    text = models.CharField(max_length=500, blank=True)
    figures = models.JSONField(default=dict, help_text="name -> number, as the author's screen showed them")
    unit = models.CharField(max_length=2, choices=Unit.choices)
    mask = models.CharField(
        max_length=64, blank=True, help_text="of an outline: sha256 of its PNG, one bit a pixel, Rows x Columns"
    )
    is_deleted = models.BooleanField(default=False, help_text="the author took the mark away")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mark", "version"], name="one_row_per_mark_version")]
        ordering = ["version"]

    @property
    def is_empty(self) -> bool:
        """Whether it is an empty outline, which states that there is nothing to outline."""
        return bool(self.mask) and not self.points
