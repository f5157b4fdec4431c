"""Destinations, and deliveries to them."""

import uuid

from django.conf import settings
from django.db import models

from webapp.foundation.accounts.models import Site
from webapp.imaging.archive.models import Instance, Study


class Destination(models.Model):
    """A DICOM node or DICOMweb service that receives objects, under a name by which people choose it."""

    class Kind(models.TextChoices):
        """The protocol by which it receives."""

        C_STORE = "c-store", "C-STORE"
        STOW = "stow", "STOW-RS"

    name = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.C_STORE)
    host = models.CharField(max_length=253, blank=True, help_text="C-STORE: name or address of the machine")
    port = models.PositiveIntegerField(null=True, blank=True)
    title = models.CharField(max_length=16, blank=True, help_text="C-STORE: the AE title that is called")
    tls = models.BooleanField(default=False, help_text="C-STORE: by TLS")
    url = models.CharField(max_length=300, blank=True, help_text="STOW-RS: address of the DICOMweb service")
    credentials = models.CharField(
        max_length=40, blank=True, help_text="STOW-RS: which variable READROOM_SEND_... holds user:password or a token"
    )
    site = models.ForeignKey(
        Site,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        help_text="whose studies may go there; none: every site's",
    )
    auto_forward_results = models.BooleanField(
        default=False, help_text="results are sent there as soon as they are filed"
    )
    is_active = models.BooleanField(default=True, help_text="off: nothing is sent; what waits goes on waiting")


class Delivery(models.Model):
    """One transmission of objects of a study to a destination."""

    class What(models.TextChoices):
        """What is sent."""

        STUDY = "study", "The study"
        RESULTS = "results", "Its results"

    class State(models.TextChoices):
        """State shown to people; the outbox keeps track of leases and retries."""

        WAITING = "waiting", "Waiting"
        SENDING = "sending", "Sending"
        SENT = "sent", "Sent"
        FAILED = "failed", "Not sent"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    destination = models.ForeignKey(Destination, on_delete=models.PROTECT, related_name="deliveries")
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="deliveries")
    what = models.CharField(max_length=8, choices=What.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    said = models.CharField(max_length=300, blank=True, help_text="the last sentence about it")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", help_text="none: by rule"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["study", "-created_at"]),
            models.Index(fields=["-created_at"]),
        ]


class DeliveryObject(models.Model):
    """One object of a delivery, and the destination's response to it."""

    class State(models.TextChoices):
        """State of one object; one that is sent is not sent again."""

        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        REFUSED = "refused", "Refused"

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="objects_sent")
    instance = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    said = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "instance"], name="object_once_per_delivery")]
