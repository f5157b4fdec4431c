"""Senders, destinations and deliveries in every state, for eyes."""

from datetime import timedelta

from django.utils import timezone

from tests.webapp import factories
from webapp.exchange.dicom_scp.models import Sender
from webapp.exchange.routing.models import Delivery, DeliveryObject, Destination
from webapp.exchange.routing.services import DELIVERY
from webapp.foundation.outbox.models import OutboxItem
from webapp.imaging.archive.models import Study

ITEM = {"sent": "done", "failed": "failed", "waiting": "waiting", "sending": "leased"}
WORDS = {
    Delivery.State.SENT: "24 objects sent.",
    Delivery.State.FAILED: "1 of 24 objects refused: Archive answered C123: out of range of this archive",
    Delivery.State.WAITING: "PACS at pacs.example:104 does not answer.",
    Delivery.State.SENDING: "",
}


def network() -> None:
    """Make them all, about the study with the tumour."""
    now = timezone.now()
    for name, address, minutes in (
        ("DICOM CT01", "10.0.0.7", 3),
        ("DICOM MR02", "10.0.0.9", 190),
        ("Watched folder", "", 9),
    ):
        Sender.objects.create(name=name, address=address, last_object_at=now - timedelta(minutes=minutes))
    archive = Destination.objects.create(name="Archive", host="pacs.example", port=104, title="PACS", tls=True)
    stow = {"kind": Destination.Kind.STOW, "url": "https://cloud.example/dicom-web/studies-of-this-house"}
    Destination.objects.create(
        name="Research cloud", site=factories.site(), auto_forward_results=True, is_active=False, **stow
    )
    study = Study.objects.get(accession_number="A-2211")
    images = [one for series in study.series.all() for one in series.instances.all()][:24]
    for minutes, (state, said) in enumerate(WORDS.items()):
        failures = 3 if state == Delivery.State.WAITING else 0
        delivery = Delivery.objects.create(
            destination=archive, study=study, what=Delivery.What.STUDY, state=state, said=said,
            requested_by=factories.clinician() if minutes else None,
        )  # fmt: skip
        OutboxItem.objects.create(
            kind=DELIVERY, subject=str(delivery.pk), lane=str(archive.pk), state=ITEM[state], failures=failures,
            attempt=failures, next_at=now + timedelta(minutes=5),
        )  # fmt: skip
        taken = {Delivery.State.SENT: 24, Delivery.State.FAILED: 23, Delivery.State.SENDING: 9}.get(state, 0)
        for number, image in enumerate(images):
            refused = state == Delivery.State.FAILED and number == 23
            is_taken = DeliveryObject.State.SENT if number < taken else DeliveryObject.State.WAITING
            outcome = DeliveryObject.State.REFUSED if refused else is_taken
            DeliveryObject.objects.create(delivery=delivery, instance=image, state=outcome)
