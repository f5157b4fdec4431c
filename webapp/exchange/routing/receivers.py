"""The rule that sends results on as soon as they are filed."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.dispatch import receiver
from django.utils import timezone

from webapp.exchange.routing.models import Delivery, DeliveryObject, Destination
from webapp.imaging.archive.models import Instance, Study
from webapp.imaging.dicom_objects.signals import results_stored


def results_only() -> Q:
    """Return the condition that keeps the instances that Readroom itself made of a study."""
    return Q(series__result__isnull=False)


@receiver(results_stored)
def on_filed(*, study: Study, instances: Sequence[Instance], **_: Any) -> None:
    """Send results wherever the rule says, all of one answer together."""
    own = Q(site=None) | Q(site=study.site_id)
    for destination in Destination.objects.filter(own, auto_forward_results=True, is_active=True):
        delivery = Delivery.objects.create(
            destination=destination, study=study, what=Delivery.What.RESULTS, requested_by=None, next_at=timezone.now()
        )
        DeliveryObject.objects.bulk_create(DeliveryObject(delivery=delivery, instance=one) for one in instances)
