"""A lesion of a patient, and the findings of several studies that readers say are it."""

import uuid

from django.conf import settings
from django.db import models

from webapp.runs.models import Finding
from webapp.studies.models import Patient, Study


class Lesion(models.Model):
    """Something in a patient that was seen more than once, as a reader says. It ends with its last sighting."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="lesions")
    name = models.CharField(max_length=60)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["made_at"]


class Sighting(models.Model):
    """A finding that is a lesion: one a study at most, so that each visit has one size."""

    lesion = models.ForeignKey(Lesion, on_delete=models.CASCADE, related_name="sightings")
    finding = models.OneToOneField(Finding, on_delete=models.CASCADE, related_name="sighting")
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+", help_text="of the finding")
    linked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    linked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lesion", "study"], name="one_sighting_per_lesion_and_study")]
