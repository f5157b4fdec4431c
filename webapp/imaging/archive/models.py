"""Patient, study, series and instance (PS3.3 A.1.2), with the attributes that Readroom lists, searches and displays."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Upper

from webapp.foundation.accounts.models import Site


class Patient(models.Model):
    """A patient, identified by the PatientID within one site (it means nothing outside its issuer)."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="patients")
    patient_id = models.CharField(max_length=64)
    name = models.CharField(max_length=324, blank=True)
    birth_date = models.DateField(null=True, blank=True)
    sex = models.CharField(max_length=16, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "patient_id"], name="patient_number_per_site")]
        # For searches by PatientID, or by the beginning of a name, ignoring case.
        indexes = [models.Index(fields=["patient_id"]), models.Index(Upper("name"), name="patient_name_in_capitals")]


class Study(models.Model):
    """One examination. `patient` is null for a picture that arrived without a DICOM header."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="studies")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, null=True, related_name="studies")
    study_instance_uid = models.CharField(max_length=64)
    study_id = models.CharField(max_length=16, blank=True, help_text="Study ID (0020,0010), not a UID")
    study_date = models.DateField(null=True)
    study_time = models.CharField(max_length=16, blank=True, help_text="as the header states it (PS3.5 6.2, VR TM)")
    referring_physician = models.CharField(max_length=324, blank=True)
    description = models.CharField(max_length=128, blank=True)
    accession_number = models.CharField(max_length=32, blank=True)
    arrived_at = models.DateTimeField(auto_now_add=True)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name_plural = "studies"
        constraints = [models.UniqueConstraint(fields=["site", "study_instance_uid"], name="study_uid_per_site")]
        indexes = [
            # Every page of the study list is found through these alone; the second serves users who may see all sites.
            models.Index(fields=["site", "-arrived_at", "id"]),
            models.Index(fields=["-arrived_at", "id"]),
            # For those users, too: a study looked up by its UID alone.
            models.Index(fields=["study_instance_uid"]),
            models.Index(fields=["accession_number"]),
            models.Index(fields=["study_date"]),
        ]


class Series(models.Model):
    """Images acquired together; the unit that the cascade analyses."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="series")
    series_instance_uid = models.CharField(max_length=64)
    series_number = models.IntegerField(null=True)
    modality = models.CharField(max_length=16, blank=True, help_text="Modality (0008,0060) as the header states it")
    description = models.CharField(max_length=128, blank=True)
    body_part = models.CharField(max_length=64, blank=True)
    is_picture = models.BooleanField(default=False, help_text="came as PNG, JPEG or TIFF: whole at once")
    last_arrival_at = models.DateTimeField()
    analysis_requested_at = models.DateTimeField(
        null=True, help_text="the last_arrival_at for which a run was made; older than it: a run is owed"
    )

    class Meta:
        verbose_name_plural = "series"
        constraints = [models.UniqueConstraint(fields=["study", "series_instance_uid"], name="series_uid_per_study")]
        # For the lookup by UID alone at ingest, before the study is known.
        indexes = [models.Index(fields=["last_arrival_at"]), models.Index(fields=["series_instance_uid"])]


class Instance(models.Model):
    """One stored object. Its file is named by the SHA-256 of its bytes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="instances")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    sop_instance_uid = models.CharField(max_length=64)
    sop_class_uid = models.CharField(max_length=64, blank=True)
    sha256 = models.CharField(max_length=64, help_text="of the stored bytes, which lie under this name")
    original_sha256 = models.CharField(
        max_length=64,
        help_text="of the bytes as they were sent: another one where a preamble was emptied or a picture wrapped",
    )
    file_size = models.BigIntegerField()
    instance_number = models.IntegerField(null=True)
    position = models.FloatField(null=True, help_text="mm along the slice normal (PS3.3 C.7.6.2.1.1)")
    number_of_frames = models.PositiveIntegerField(default=1)
    rows = models.PositiveIntegerField(default=0)
    columns = models.PositiveIntegerField(default=0)
    has_pixels = models.BooleanField(default=True)
    laterality = models.CharField(max_length=16, blank=True)
    arrived_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "sop_instance_uid"], name="instance_uid_per_site")]
        indexes = [
            models.Index(fields=["site", "original_sha256"]),
            models.Index(fields=["site", "sha256"]),
            models.Index(fields=["sop_instance_uid"]),
        ]
        # The order of slices, the same in the reader process, on pages and in every database; nulls come last.
        ordering = [
            models.F("position").asc(nulls_last=True),
            models.F("instance_number").asc(nulls_last=True),
            "sop_instance_uid",
        ]


class InstanceIndex(models.Model):
    """What is needed to serve an instance without parsing its file."""

    instance = models.OneToOneField(Instance, on_delete=models.CASCADE, primary_key=True, related_name="index")
    transfer_syntax_uid = models.CharField(max_length=64)
    is_part10 = models.BooleanField(help_text="whether the file begins as PS3.10 asks")
    header = models.BinaryField(help_text="DICOM JSON, deflated; large values are keys of `bulk`")
    frame_count = models.PositiveIntegerField(
        help_text="frames that `frames` holds; 0: they must be decoded, or are none"
    )
    frames = models.BinaryField(help_text="where each frame lies: pairs of offset and bytes")
    bulk = models.JSONField(default=dict, help_text="where large values lie: key -> [offset, bytes]")
