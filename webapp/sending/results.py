"""Which series are results of Readroom's own, and the rule that sends them on as soon as they are filed."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone

from webapp.sending.models import Delivery, DeliveryObject, Destination
from webapp.studies.models import Instance, Series

#: The series numbers that results have, and how their descriptions begin.
NUMBERS = (9001, 9002, 9003)
MARKS = ("AI outlines, ", "AI report, ", "AI pictures, ")
#: The objects of one answer are filed one after the other; they leave together.
TOGETHER = timedelta(seconds=3)


def is_result(series: Series) -> bool:
    """Say whether a series holds what Readroom itself made of a study."""
    return series.series_number in NUMBERS and series.description.startswith(MARKS)


def results_only() -> Q:
    """Return the condition that keeps the instances of such series."""
    begins = Q()
    for mark in MARKS:
        begins |= Q(series__description__startswith=mark)
    return begins & Q(series__series_number__in=NUMBERS)


@receiver(post_save, sender=Instance)
@transaction.atomic
def on_filed(*, instance: Instance, created: bool, **_: Any) -> None:
    """Send a result wherever the rule says, in the transaction that files it: both are there or neither."""
    if not created or not is_result(instance.series):
        return
    study = instance.series.study
    own = Q(site=None) | Q(site=study.site_id)
    for destination in Destination.objects.filter(own, takes_results=True, is_used=True):
        leaves_at = timezone.now() + TOGETHER
        rule = {"destination": destination, "study": study, "what": Delivery.What.RESULTS, "asked_by": None}
        # Locked: it cannot begin before this object stands in it.
        waiting = Delivery.objects.select_for_update().filter(state=Delivery.State.WAITING, attempt=0, **rule).first()
        delivery = waiting or Delivery.objects.create(next_at=leaves_at, **rule)
        Delivery.objects.filter(pk=delivery.pk).update(next_at=leaves_at)
        DeliveryObject.objects.create(delivery=delivery, instance=instance)
