"""Lesions, their sightings in several studies, and registrations."""

import uuid

from django.conf import settings
from django.db import models

from webapp.imaging.archive.models import Patient, Series, Study
from webapp.imaging.inference.models import Finding


class Lesion(models.Model):
    """A lesion of a patient, as linked by readers. It is deleted with its last sighting."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="lesions")
    name = models.CharField(max_length=60)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at"]


class Sighting(models.Model):
    """A finding linked to a lesion: at most one per study, so that each visit has one size."""

    lesion = models.ForeignKey(Lesion, on_delete=models.CASCADE, related_name="sightings")
    finding = models.OneToOneField(Finding, on_delete=models.CASCADE, related_name="sighting")
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+", help_text="of the finding")
    linked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    linked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lesion", "study"], name="one_sighting_per_lesion_and_study")]


class Registration(models.Model):
    """The registration of a follow-up series to its prior; `attempt` names the folder of its images."""

    class State(models.TextChoices):
        """State of the registration."""

        QUEUED = "queued", "Waiting"
        RUNNING = "running", "In progress"
        DONE = "done", "Done"
        REFUSED = "refused", "Refused"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    prior = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="+")
    follow_up = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="registrations")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True, help_text="why it is refused, or failed")
    answer = models.JSONField(default=dict, help_text="as `workers.contracts.RegistrationAnswer`; empty before")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["prior", "follow_up"], name="one_registration_per_pair")]
        indexes = [models.Index(fields=["state", "requested_at"])]
