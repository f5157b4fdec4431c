"""When each sender was last heard: written at most once a second, however fast objects come."""

import time

from django.utils import timezone

from webapp.exchange.dicom_scp.models import Sender

#: Senders that are remembered: where anybody may call, a caller may make up any number of titles.
SENDERS = 500
#: Seconds between two notes about one sender.
PAUSE = 1.0
_noted: dict[str, float] = {}


def record_sender(*, name: str, address: str = "") -> None:
    """Note that an object has come from a sender."""
    now = time.monotonic()
    if now - _noted.get(name, float("-inf")) < PAUSE:
        return
    noted = {"address": address, "last_object_at": timezone.now()}
    if Sender.objects.filter(name=name).update(**noted) or Sender.objects.count() < SENDERS:
        Sender.objects.get_or_create(name=name, defaults=noted)
        _noted[name] = now


def sender_list() -> list[Sender]:
    """Return all senders, whoever was heard last first."""
    return list(Sender.objects.order_by("-last_object_at"))
