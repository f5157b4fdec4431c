"""Forwards results automatically as soon as they are stored."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.dispatch import receiver

from webapp.exchange.routing.models import Delivery, Destination
from webapp.exchange.routing.services import delivery_create
from webapp.imaging.archive.models import Instance, Study
from webapp.imaging.dicom_objects.signals import results_stored


@receiver(results_stored)
def on_filed(*, study: Study, instances: Sequence[Instance], **_: Any) -> None:
    """Create a delivery of the results to each destination with automatic forwarding."""
    own = Q(site=None) | Q(site=study.site_id)
    for destination in Destination.objects.filter(own, auto_forward_results=True, is_active=True):
        delivery_create(study=study, destination=destination, what=Delivery.What.RESULTS, objects=instances, user=None)
