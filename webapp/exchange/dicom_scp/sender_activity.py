"""When each sender last sent an object, recorded at most once a second however fast objects arrive."""

import time

from django.utils import timezone

from webapp.exchange.dicom_scp.models import Sender

#: Most senders that are recorded: if any AE title may call, a peer could make up any number of them.
SENDERS = 500
#: Least number of seconds between two updates of one sender.
PAUSE = 1.0
_noted: dict[str, float] = {}


def record_sender(*, name: str, address: str = "") -> None:
    """Record that a sender has just sent an object."""
    now = time.monotonic()
    if now - _noted.get(name, float("-inf")) < PAUSE:
        return
    noted = {"address": address, "last_object_at": timezone.now()}
    if Sender.objects.filter(name=name).update(**noted) or Sender.objects.count() < SENDERS:
        Sender.objects.get_or_create(name=name, defaults=noted)
        _noted[name] = now


def sender_list() -> list[Sender]:
    """Return all senders, the most recently active first."""
    return list(Sender.objects.order_by("-last_object_at"))
